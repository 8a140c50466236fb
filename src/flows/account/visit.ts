import type { Context } from 'koa';
import type { Actor } from '../../events/audit.ts';
import { forbidden } from '../../http/errors.ts';
import { type FormFields, readForm } from '../../http/form_body.ts';
import { renderPage, type PageName, type Pages } from '../../http/render.ts';
import { correlationId } from '../../http/request_id.ts';
import { ACCOUNT_CLIENT_ID, accountPath } from '../../oidc/account_client.ts';
import { type AccountSession, findAccountSession } from '../../oidc/account_session.ts';
import type { WorkspaceServer } from '../../oidc/workspace_server.ts';
import type { KeptAccess } from '../../sessions/end_access.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { mayAct } from '../../users/account.ts';
import type { OwnScope, Profile } from '../../users/profile_service.ts';
import type { UserScope } from '../../users/user.ts';
import { type ConnectedPool, connectionForPool, type Mechanism } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import { takeNotice } from './notice.ts';

/** Somebody who looks after their account: what every section is given. */
export type Visit = {
  readonly ctx: Context;
  readonly server: WorkspaceServer;
  readonly session: AccountSession;
  readonly connection: ConnectedPool;
  readonly scope: UserScope;
  readonly by: Actor;
  /** What goes on when all other access ends (rule 27). */
  readonly keep: KeptAccess;
  readonly path: (...steps: string[]) => string;
};

const MAX_USER_AGENT = 256;

/**
 * Who is signed in here, looked at anew with every request: a person who left `active`, or whose pool is not
 * connected to this workspace any more, is nobody (rule 25).
 */
export async function findVisit(ctx: Context, server: WorkspaceServer): Promise<Visit | undefined> {
  const session = await findAccountSession(ctx, server);
  const account = session && (await currentUnit().findAccount(session.accountId));
  if (session === undefined || !mayAct(account)) return undefined;
  const { tenantId, workspaceId } = server.snapshot;
  const { userId, poolId } = account;
  const connection = connectionForPool(server.snapshot, poolId);
  if (connection === undefined) return undefined;
  const userAgent = ctx.get('User-Agent').slice(0, MAX_USER_AGENT);
  return {
    ctx,
    server,
    session,
    connection,
    scope: { tenantId, poolId, userId },
    by: {
      kind: 'user',
      clientId: ACCOUNT_CLIENT_ID,
      userId,
      poolId,
      workspaceId,
      ip: ctx.ip,
      correlationId: correlationId(ctx),
      ...(userAgent === '' ? {} : { userAgent }),
    },
    keep: { workspaceId, sessionUid: session.uid, grantId: session.grantId },
    path: (...steps) => [accountPath(server.snapshot), ...steps.map(encodeURIComponent)].join('/'),
  };
}

/** The person as they see themselves. */
export const profileOf = ({ domain }: FlowDeps, visit: Visit): Promise<Profile> =>
  domain.profiles.getWhole(ownScope(visit));

export const ownScope = ({ scope, server }: Visit): OwnScope => ({
  ...scope,
  workspaceId: server.snapshot.workspaceId,
});

/** Everything that can be proven with here, as a first or a second factor, under the workspace's ceiling. */
export function usable({ server }: Visit, { pool }: Profile): ReadonlySet<Mechanism> {
  const ofPool = [...pool.authenticationMechanisms, ...pool.secondFactorAuthenticationMechanisms];
  return new Set(ofPool.filter((one) => server.snapshot.mechanisms.includes(one)));
}

// The forms of one sign-in are no good in the next.
const flowOf = ({ session, scope, server }: Visit): string =>
  `account:${scope.tenantId}/${server.snapshot.workspaceId}/${session.uid}/${scope.userId}`;

/** Reads a form that this page gave this person in this browser; 403 for any other (S-SES-07). */
export async function readOwnForm({ csrf }: FlowDeps, visit: Visit): Promise<FormFields> {
  const form = await readForm(visit.ctx);
  if (!csrf.fits(visit.ctx, flowOf(visit), form.get('csrf'))) {
    throw forbidden('This form is not from this browser. Go back, reload the page and send it again.', {
      code: 'form_not_ours',
    });
  }
  return form;
}

type Base = 'homeHref' | 'csrfToken' | 'notice';
type AccountPage = Extract<PageName, 'account' | `account_${string}`>;

/** Shows a page of the account. */
export async function showPage<Name extends AccountPage>(
  { csrf }: FlowDeps,
  visit: Visit,
  name: Name,
  model: Omit<Pages[Name], Base>,
): Promise<void> {
  const notice = takeNotice(visit);
  const base = {
    homeHref: visit.path(),
    csrfToken: csrf.formToken(visit.ctx, flowOf(visit)),
    ...(notice === undefined ? {} : { notice }),
  };
  await renderPage(visit.ctx, name, { ...base, ...model } as Pages[Name]);
}
