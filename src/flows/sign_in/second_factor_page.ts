import { TOTP_DIGITS } from '../../credentials/totp.ts';
import { renderPage } from '../../http/render.ts';
import { maskedAddress } from '../../messages/masked_address.ts';
import { findFactors, type Factors } from '../../users/factors/factors_store.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import { waitSeconds } from '../codes/messages.ts';
import type { FlowDeps } from '../deps.ts';
import { noWayIn } from '../failures/no_way_in.ts';
import type { Journey } from '../journey.ts';
import { secondFactorsBeside } from './connections.ts';
import { askToEnrol, enrollable } from './enrol_page.ts';
import type { Proof } from './factors.ts';
import { isSent, sendCodeFor } from './send_code.ts';
import { type FirstFactor, type SignInState, stateFields } from './state.ts';

export type Asking = Pick<SignInState, 'typed' | 'askedAt'> & { readonly first: FirstFactor };

/** Why the page is shown, or shown again. */
export type Again = {
  /** What the person would rather prove, or be asked for once more. */
  readonly use?: Proof | undefined;
  readonly error?: 'refused' | 'missing' | undefined;
  /** A message was asked for again. */
  readonly resend?: boolean | undefined;
};

/** What this person can prove beside their first factor, the preferred first; a recovery code last. */
export function provable(
  { server }: Journey,
  connection: ConnectedPool,
  first: FirstFactor,
  factors: Factors,
): readonly Proof[] {
  const has: Readonly<Record<Proof, boolean>> = {
    password: factors.password,
    totp: factors.totp,
    webauthn: factors.webauthn,
    email_otp: factors.email !== null,
    sms_otp: factors.mobile !== null,
    recovery_code: factors.recoveryCodes > 0,
  };
  const methods: Proof[] = [
    ...secondFactorsBeside(server.snapshot, connection, first.method),
    'recovery_code',
  ];
  return methods.filter((method) => has[method]);
}

/** The factors of the person who has proven a first one. */
export const factorsOf = (
  { db }: FlowDeps,
  { server }: Journey,
  { poolId }: ConnectedPool,
  { userId }: FirstFactor,
): Promise<Factors | undefined> =>
  findFactors(db.knex, { tenantId: server.snapshot.tenantId, poolId, userId });

/**
 * Asks for the second factor: another method than the first, the preferred one that the person has. Whoever has none
 * sets one up, in the same sign-in; where nothing can be, nobody gets in with one factor alone.
 */
export async function askSecondFactor(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  asking: Asking,
  again: Again = {},
): Promise<void> {
  const { typed, first } = asking;
  const factors = await factorsOf(deps, journey, connection, first);
  if (factors === undefined) return noWayIn(journey);
  const methods = provable(journey, connection, first, factors);
  const method = methods.find((one) => one === again.use) ?? methods[0];
  if (method === undefined) {
    return enrollable(journey, connection, first).length === 0
      ? noWayIn(journey, 'no_second_factor')
      : askToEnrol(deps, journey, connection, { typed, first });
  }
  const { askedAt, sent } = await sendAgain(deps, journey, connection, asking, { ...again, method });
  await show(deps, journey, connection, {
    state: { typed, first, asked: method, askedAt },
    address: method === 'email_otp' ? factors.email : method === 'sms_otp' ? factors.mobile : null,
    ways: methods.filter((one) => one !== method),
    error: again.error,
    sent,
  });
}

/** Sends a code, where one is sent for the method and none was just now. */
async function sendAgain(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { askedAt, first }: Asking,
  { method, error, resend }: Again & { readonly method: Proof },
): Promise<{ askedAt?: number | undefined; sent: boolean }> {
  const isDue = isSent(method) && error === undefined && waitSeconds({ askedAt }) === 0;
  if (!isDue) return { askedAt, sent: false };
  await sendCodeFor(deps, journey, connection, method, { userId: first.userId });
  return { askedAt: Date.now(), sent: resend === true };
}

type Shown = {
  readonly state: SignInState;
  readonly address: string | null;
  readonly ways: readonly Proof[];
  readonly error: 'refused' | 'missing' | undefined;
  readonly sent: boolean;
};

async function show(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  { state, address, ways, error, sent }: Shown,
): Promise<void> {
  const { path, app, ctx } = journey;
  const { rememberedSeconds } = connection.pool;
  await renderPage(ctx, 'second_factor', {
    ...stateFields(deps, journey, connection, state),
    app,
    method: state.asked,
    ...(isSent(state.asked) ? { codeLength: connection.pool.signInCodeLength } : {}),
    ...(state.asked === 'totp' ? { codeLength: TOTP_DIGITS } : {}),
    action: path('second-factor', connection.connectionId),
    ...(address === null ? {} : { sentTo: maskedAddress(address) }),
    ...(isSent(state.asked) ? { resend: { sent, waitSeconds: waitSeconds(state) } } : {}),
    ...(state.asked === 'webauthn'
      ? { passkeyOptionsHref: path('passkey-options', connection.connectionId) }
      : {}),
    ...(error === undefined ? {} : { error }),
    ...(rememberedSeconds > 0 ? { rememberedSeconds } : {}),
    ways,
    ...lostHref(journey, connection, state.asked),
    startHref: path('sign-in', connection.connectionId),
  });
}

/** The page of the pool on which a lost factor is replaced; it opens in this sign-in's workspace. */
function lostHref(
  { server: { snapshot } }: Journey,
  { poolId }: ConnectedPool,
  asked: Proof,
): { lostHref?: string } {
  const page = asked === 'totp' ? 'lost-totp' : asked === 'webauthn' ? 'lost-passkey' : undefined;
  if (page === undefined) return {};
  const query = new URLSearchParams({ server_id: snapshot.workspaceId });
  return { lostHref: `/${snapshot.tenantId}/identity/${poolId}/${page}?${query}` };
}
