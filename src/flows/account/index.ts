import type { Context } from 'koa';
import { DomainError, type DomainErrorKind } from '../../domain_error.ts';
import { HttpError, notFound } from '../../http/errors.ts';
import { renderPage, setPage } from '../../http/render.ts';
import { accountPath, accountSignIn } from '../../oidc/account_client.ts';
import type { WorkspaceServer } from '../../oidc/workspace_server.ts';
import { answeringRefusals } from '../codes/refusals.ts';
import type { FlowDeps } from '../deps.ts';
import { lookOf } from '../look.ts';
import { changeAddresses, showAddresses } from './addresses.ts';
import { revokeApplication, showApplications } from './applications.ts';
import { downloadData, showData } from './data.ts';
import { deleteAccount, showDelete } from './delete.ts';
import { forgetDevice, showDevices } from './devices.ts';
import { saveLanguage, showLanguage } from './language.ts';
import { showOverview } from './overview.ts';
import { leadOn } from './notice.ts';
import { declinePasskey } from './passkey_offer.ts';
import { addPasskey, changePasskey, givePasskeyOptions, showPasskeys } from './passkeys.ts';
import { changePassword, checkNewPassword, showPassword } from './password.ts';
import { saveProfile, showProfile } from './profile.ts';
import { makeRecoveryCodes, showRecoveryCodes } from './recovery_codes.ts';
import { endSession, showSessions } from './sessions.ts';
import type { Mechanism } from '../../workspaces/snapshot.ts';
import { setTotp, showTotp } from './totp.ts';
import { findVisit, profileOf, usable, type Visit } from './visit.ts';

type Step = (deps: FlowDeps, visit: Visit) => Promise<void>;

/**
 * The account page, as a table: the address of each step below `{issuer}/account`, what it shows and takes, and
 * whether it asks for a sign-in within the last five minutes: whatever one proves oneself with, how one is
 * reached, and the end of the account (contract 2.3, rule 27). `way`: there only for who has it, or may sign in by it.
 */
const STEPS: readonly { name: string; recent?: true; way?: Mechanism; show?: Step; submit?: Step }[] = [
  { name: '', show: showOverview },
  { name: 'profile', show: showProfile, submit: saveProfile },
  { name: 'addresses', recent: true, show: showAddresses, submit: changeAddresses },
  { name: 'password', recent: true, way: 'password', show: showPassword, submit: changePassword },
  { name: 'check-password', submit: checkNewPassword },
  { name: 'totp', recent: true, way: 'totp', show: showTotp, submit: setTotp },
  { name: 'passkeys', recent: true, way: 'webauthn', show: showPasskeys, submit: changePasskey },
  { name: 'passkey-later', submit: declinePasskey },
  { name: 'passkey-options', recent: true, way: 'webauthn', submit: givePasskeyOptions },
  { name: 'passkey-add', recent: true, way: 'webauthn', submit: addPasskey },
  { name: 'recovery-codes', recent: true, show: showRecoveryCodes, submit: makeRecoveryCodes },
  { name: 'devices', show: showDevices, submit: forgetDevice },
  { name: 'sessions', show: showSessions, submit: endSession },
  { name: 'applications', show: showApplications, submit: revokeApplication },
  { name: 'language', show: showLanguage, submit: saveLanguage },
  { name: 'data', show: showData },
  { name: 'data.json', show: downloadData },
  { name: 'delete', recent: true, show: showDelete, submit: deleteAccount },
];

/** How long ago a sign-in counts for what asks for a recent one (contract 2.3). */
const RECENT_SECONDS = 5 * 60;

/** Answers a request below `{issuer}/account`; `segments` are its parts. */
export async function runAccount(
  deps: FlowDeps,
  ctx: Context,
  server: WorkspaceServer,
  segments: readonly string[],
): Promise<void> {
  const [name = '', ...rest] = segments;
  const step = rest.length === 0 ? STEPS.find((candidate) => candidate.name === name) : undefined;
  if (step === undefined) throw notFound();
  const act = actOf(ctx, step);
  const visit = await findVisit(ctx, server);
  const section = step.show === undefined ? '' : name;
  if (visit === undefined) return signIn(ctx, server, { section, anew: false });
  if (name === '' && ctx.query['iss'] !== undefined) return arrive(visit);
  setPage(ctx, {
    ...lookOf(server.snapshot, { poolId: visit.scope.poolId, branding: visit.connection.pool.branding }),
    selfHref: section === '' ? visit.path() : visit.path(section),
  });
  const age = Date.now() / 1000 - visit.session.authTime;
  if (step.recent === true && age > RECENT_SECONDS) return signIn(ctx, server, { section, anew: true });
  await answeringRefusals({ ctx, app: undefined }, async () => {
    if (step.way !== undefined && !(await hasWay(deps, visit, step.way))) throw notFound();
    try {
      await act(deps, visit);
    } catch (error) {
      if (ctx.method !== 'POST' || !isOvertaken(error)) throw error;
      leadOn(visit, section, 'changed_meanwhile');
    }
  });
}

async function hasWay(deps: FlowDeps, visit: Visit, way: Mechanism): Promise<boolean> {
  const profile = await profileOf(deps, visit);
  return usable(visit, profile).has(way) || profile.user.credentials.some(({ type }) => type === way);
}

const OVERTAKEN: ReadonlySet<DomainErrorKind> = new Set([
  'precondition_failed',
  'conflict',
  'forbidden',
  'invalid',
]);

/** What no section expects: somebody was faster, in another window or as an administrator. */
const isOvertaken = (error: unknown): boolean => error instanceof DomainError && OVERTAKEN.has(error.kind);

function actOf(ctx: Context, { show, submit }: (typeof STEPS)[number]): Step {
  const isRead = ctx.method === 'GET' || ctx.method === 'HEAD';
  const act = isRead ? show : ctx.method === 'POST' ? submit : undefined;
  if (act !== undefined) return act;
  throw new HttpError(405, 'This cannot be done here');
}

/** Leads to the sign-in, or says that it came to nothing: whoever comes back from it without one goes no further. */
async function signIn(
  ctx: Context,
  server: WorkspaceServer,
  way: { readonly section: string; readonly anew: boolean },
): Promise<void> {
  if (ctx.query['iss'] !== undefined) {
    return renderPage(ctx, 'signed_out', { signInHref: accountPath(server.snapshot) });
  }
  ctx.status = 303;
  ctx.redirect(await accountSignIn(server, way));
}

/** Back from the sign-in: on to the section that asked for it, with a clean address. */
function arrive({ ctx, path }: Visit): void {
  const { state } = ctx.query;
  const known = STEPS.find(({ name, show }) => name === state && name !== '' && show !== undefined);
  ctx.status = 303;
  ctx.redirect(known === undefined ? path() : path(known.name));
}
