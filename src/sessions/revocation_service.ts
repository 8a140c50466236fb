import { findConnection } from '../connections/connection_store.ts';
import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { forbidden, notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { findPool } from '../pools/pool_store.ts';
import { lockWorkspace } from '../workspaces/workspace_store.ts';
import { endAccess } from './end_access.ts';

export type RevocationService = ReturnType<typeof createRevocationService>;

/** Whose tokens, codes, sessions and grants are to end at once. Throws `DomainError`. */
export function createRevocationService({ db }: { readonly db: Database }) {
  return {
    /**
     * Ends all access of some people of a pool, in every workspace. Ids that nobody has here end nothing. Refused
     * (403) as a whole where `mayActFor` says no of anybody: whoever carries authority is signed out by those who
     * have as much of it.
     */
    async ofUsers(
      scope: { readonly tenantId: string; readonly poolId: string },
      {
        userIds,
        mayActFor,
        by,
      }: {
        readonly userIds: readonly string[];
        readonly mayActFor: (userId: string) => Promise<boolean>;
        readonly by: Actor;
      },
    ): Promise<void> {
      for (const userId of userIds) {
        if (!(await mayActFor(userId))) throw forbidden('Not for everybody named here', 'permission_missing');
      }
      await inTransaction(db, async (tx) => {
        if ((await findPool(tx, scope)) === undefined) throw notFound('Pool');
        await endAccess(tx, { ...scope, userIds }, 'revoked_by_administrator');
        await recordAudit(tx, scope, by, {
          subject: 'tokens',
          action: 'revoked',
          affected: { poolId: scope.poolId },
          payload: { user_ids: userIds },
        });
      });
    },

    /**
     * Ends what some subjects have in one workspace; with a connection, only those whom it lets in. Subjects that
     * nobody has here end nothing.
     */
    async ofSubjects(
      scope: { readonly tenantId: string; readonly workspaceId: string },
      {
        subjects,
        connectionId,
        by,
      }: {
        readonly subjects: readonly string[];
        readonly connectionId?: string | undefined;
        readonly by: Actor;
      },
    ): Promise<void> {
      await inTransaction(db, async (tx) => {
        if ((await lockWorkspace(tx, scope, 'share')) === undefined) throw notFound('Workspace');
        const connection =
          connectionId === undefined ? undefined : await findConnection(tx, { ...scope, connectionId });
        if (connectionId !== undefined && connection === undefined) throw notFound('Connection');
        await endAccess(
          tx,
          { ...scope, userIds: subjects, ...(connection && { poolId: connection.poolId }) },
          'revoked_by_administrator',
        );
        await recordAudit(tx, scope, by, {
          subject: 'tokens',
          action: 'revoked',
          workspaceId: scope.workspaceId,
          ...(connectionId === undefined ? {} : { affected: { connectionId } }),
          payload: { server_id: scope.workspaceId, subjects },
        });
      });
    },
  };
}
