import type { Database } from '../db/connection.ts';
import type { Page } from '../db/keyset.ts';
import { cursorGone, notFound } from '../domain_error.ts';
import { type AuditFilter, listWorkspaceEvents, readAuditListStart } from './audit_list_store.ts';
import { deleteOldEvents, listAuditEvents, type StoredAuditEvent } from './audit_store.ts';

export type AuditService = ReturnType<typeof createAuditService>;

/** What has happened, for those who may look. Throws `DomainError`. */
export function createAuditService({ db }: { db: Database }) {
  return {
    /** The newest events of a tenant, newest first. */
    list: (scope: { readonly tenantId: string }, limit: number): Promise<StoredAuditEvent[]> =>
      listAuditEvents(db.knex, scope, limit),

    /**
     * A page of a workspace's events: what happened in it, to it and to its own pools. What belongs to no
     * workspace (the tenant, its pools and their people) is with the `admin` workspace. Without a filter nothing
     * matches.
     */
    async search(
      scope: { readonly tenantId: string; readonly workspaceId: string },
      filter: AuditFilter | undefined,
      page: Page,
    ): Promise<StoredAuditEvent[]> {
      const cursor = page.after ?? page.before;
      const start = await readAuditListStart(db.knex, scope, cursor);
      if (!start.workspace) throw notFound('Workspace');
      if (cursor !== undefined && start.cursorTime === null) {
        throw cursorGone('event');
      }
      if (filter === undefined) return [];
      return listWorkspaceEvents(db.knex, scope, filter, page, start.cursorTime);
    },

    /** Removes a batch of events older than so many days; for a job. Gives how many are gone. */
    forget: (days: number, limit: number): Promise<number> => deleteOldEvents(db.knex, days, limit),
  };
}
