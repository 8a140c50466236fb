import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { endAccess, type KeptAccess } from './end_access.ts';
import {
  listOwnApplications,
  listOwnSessions,
  listSessionsOfIssuer,
  lockSession,
} from './own_access_store.ts';

export type OwnAccessService = ReturnType<typeof createOwnAccessService>;

type IssuerScope = PersonScope & { readonly workspaceId: string };
type PersonScope = { readonly tenantId: string; readonly poolId: string; readonly userId: string };

/** Where people are signed in, and what they have let in; they end both themselves. Throws `DomainError`. */
export function createOwnAccessService({ db }: { readonly db: Database }) {
  return {
    sessions: (scope: PersonScope) => listOwnSessions(db.knex, personOf(scope)),
    /** The same at one issuer, with when the person proved who they are there. */
    sessionsIn: (scope: IssuerScope) =>
      listSessionsOfIssuer(db.knex, { ...personOf(scope), workspaceId: scope.workspaceId }),
    applications: (scope: PersonScope) => listOwnApplications(db.knex, personOf(scope)),

    /** Signs one browser out, with what was granted in it; 404 for a session that the person does not have. */
    async endSession(
      scope: PersonScope,
      { workspaceId, uid }: { readonly workspaceId: string; readonly uid: string },
      by: Actor,
    ): Promise<void> {
      await inTransaction(db, async (tx) => {
        const person = personOf(scope);
        const grantIds = await lockSession(tx, { ...person, workspaceId }, uid);
        if (grantIds === undefined) throw notFound('Session');
        const session = { tenantId: scope.tenantId, workspaceId, sessionUid: uid, grantIds };
        await endAccess(tx, session, 'signed_out_by_owner');
        await record(tx, scope, by, { server_id: workspaceId, sessions: 1 });
      });
    },

    /** Signs out everywhere but here. Remembered browsers are forgotten too. */
    async endOthers(scope: PersonScope, keep: KeptAccess, by: Actor): Promise<void> {
      await inTransaction(db, async (tx) => {
        await endAccess(tx, { ...personOf(scope), keep }, 'signed_out_by_owner');
        await record(tx, scope, by, { sessions: 'others' });
      });
    },

    /** Ends everything of the person at one issuer: sessions, and what every application was granted. */
    async endAll(scope: IssuerScope, keep: KeptAccess | undefined, by: Actor): Promise<void> {
      const { tenantId, workspaceId, userId } = scope;
      await inTransaction(db, async (tx) => {
        await endAccess(tx, { tenantId, workspaceId, userIds: [userId], keep }, 'revoked_by_owner');
        await record(tx, scope, by, {
          server_id: workspaceId,
          tokens: keep === undefined ? 'all' : 'others',
        });
      });
    },

    /** Takes an application what the person gave it: its tokens end, and it has to ask again. */
    async revokeApplication(
      scope: PersonScope,
      { workspaceId, clientId }: { readonly workspaceId: string; readonly clientId: string },
      by: Actor,
    ): Promise<void> {
      await inTransaction(db, async (tx) => {
        const person = personOf(scope);
        const known = await listOwnApplications(tx, person);
        if (!known.some((one) => one.clientId === clientId && one.workspaceId === workspaceId)) {
          throw notFound('Application');
        }
        const { tenantId, userId } = person;
        await endAccess(tx, { tenantId, workspaceId, clientId, userIds: [userId] }, 'revoked_by_owner');
        await record(tx, scope, by, { server_id: workspaceId, client_id: clientId });
      });
    },
  };
}

const personOf = ({ tenantId, userId }: PersonScope) => ({ tenantId, userId });

const record = (
  tx: Parameters<typeof recordAudit>[0],
  scope: PersonScope,
  by: Actor,
  details: Readonly<Record<string, unknown>>,
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'tokens',
    action: 'revoked',
    affected: { userId: scope.userId, poolId: scope.poolId },
    payload: { user_id: scope.userId, ...details },
  });
