import { newTotpSecret, timeStepOf } from '../../credentials/totp.ts';
import { forbidden } from '../../http/errors.ts';
import { otpauthAddress, qrCode } from '../../http/qr.ts';
import { SealError } from '../../security/seal.ts';
import { digitsOf } from '../codes/messages.ts';
import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { isCodeOf } from './refusals.ts';
import { profileOf, readOwnForm, showPage, type Visit } from './visit.ts';

const MAX_SEALED_LENGTH = 512;

// A secret that was shown to one person, in one sign-in, is theirs alone.
const placeOf = ({ scope, session }: Visit): string =>
  `account_totp:${scope.tenantId}/${scope.poolId}/${scope.userId}/${session.uid}`;

/** A new secret, as a picture and as text; nothing is stored before the app has shown a right code. */
export async function showTotp(deps: FlowDeps, visit: Visit): Promise<void> {
  await ask(deps, visit, newTotpSecret());
}

/** Sets an authenticator app up, or another one in its place: that needs a code of the old one too. */
export async function setTotp(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const { domain } = deps;
  const { scope, by, keep, ctx } = visit;
  const secret = openSecret(deps, visit, form.get('step') ?? '');
  const code = digitsOf(form.get('code') ?? '');
  const now = Math.floor(Date.now() / 1000);
  // S-TOTP-02: the app has to show that it has the secret.
  const isShown = (await timeStepOf(secret, code, { now, afterTimeStep: undefined })) !== undefined;
  if (!isShown) return ask(deps, visit, secret, 'refused');
  try {
    if (await hasTotp(deps, visit)) {
      const change = { totp: digitsOf(form.get('current_code') ?? ''), newTotpSecret: secret };
      const guess = { kind: 'identity_self_change_totp_secret', source: ctx.ip } as const;
      await domain.totp.change(scope, change, guess, { by, keep });
    } else {
      await domain.totp.set(scope, secret, { by, keep });
    }
  } catch (error) {
    if (isCodeOf(error, 'totp_wrong')) return ask(deps, visit, secret, 'current');
    // Somebody was faster in another window.
    if (isCodeOf(error, 'totp_already_set', 'totp_not_set')) return ask(deps, visit, newTotpSecret());
    throw error;
  }
  // A code counts once, the one that was just shown included.
  await domain.totp.check(scope, code);
  leadOn(visit, '', 'totp_set');
}

const hasTotp = async (deps: FlowDeps, visit: Visit): Promise<boolean> =>
  (await profileOf(deps, visit)).user.credentials.some(({ type }) => type === 'totp');

function openSecret({ sealer }: FlowDeps, visit: Visit, sealed: string): string {
  try {
    if (sealed.length <= MAX_SEALED_LENGTH) return sealer.open(sealed, placeOf(visit));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
  }
  throw forbidden('This form is not from this browser. Go back, reload the page and send it again.', {
    code: 'form_not_ours',
  });
}

async function ask(
  deps: FlowDeps,
  visit: Visit,
  secret: string,
  error?: 'refused' | 'current',
): Promise<void> {
  const { user } = await profileOf(deps, visit);
  const account = user.identifiers[0]?.identifier ?? user.addresses[0]?.address ?? user.id;
  const issuer = visit.server.snapshot.name;
  await showPage(deps, visit, 'account_totp', {
    isSet: user.credentials.some(({ type }) => type === 'totp'),
    step: deps.sealer.seal(secret, placeOf(visit)),
    secret,
    qr: qrCode(otpauthAddress({ issuer, account, secret })),
    ...(error === undefined ? {} : { error }),
  });
}
