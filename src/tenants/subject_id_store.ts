import type { Knex } from 'knex';

/** Whom an id may stand for. Both become the `sub` of tokens, so that no id may mean one of each (RFC 9700 §4.15). */
export type SubjectKind = 'user' | 'client';

// Ids of deleted users stay taken; those of deleted clients are free.
const TABLES = { user: ['user_ids', 'user_id'], client: ['clients', 'client_id'] } as const;

/**
 * Holds an id that somebody chose until the transaction ends, and tells whether the tenant has one of the other
 * kind by it. The lock takes the place of the unique index that two tables cannot share. Ids that we make need
 * none of this: nobody knows them before they are written.
 */
export async function isOfAnotherKind(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  kind: SubjectKind,
  id: string,
): Promise<boolean> {
  await tx.raw(
    'SELECT pg_advisory_xact_lock_shared(hashtextextended(?, 0)), pg_advisory_xact_lock(hashtextextended(?, 0))',
    [allSubjects(scope), `subject:${scope.tenantId}/${id}`],
  );
  // A statement of its own: it must see what the one before it waited for.
  const [table, column] = TABLES[kind === 'user' ? 'client' : 'user'];
  const row: unknown = await tx(table)
    .where({ tenant_id: scope.tenantId, [column]: id })
    .first(column);
  return row !== undefined;
}

/**
 * Holds all ids that somebody might choose in a tenant, until the transaction ends: for those who write many. A
 * lock for each would fill the server's table.
 */
export async function holdAllSubjectIds(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
): Promise<void> {
  await tx.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [allSubjects(scope)]);
}

const allSubjects = ({ tenantId }: { readonly tenantId: string }): string => `subjects:${tenantId}`;
