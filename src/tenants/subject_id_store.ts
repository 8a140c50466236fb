import type { Knex } from 'knex';

/** Whom an id may stand for. Both become the `sub` of tokens, so that no id may mean one of each (RFC 9700 §4.15). */
export type SubjectKind = 'user' | 'client';

// Ids of deleted users stay taken; those of deleted clients are free.
const TABLES = { user: ['user_ids', 'user_id'], client: ['clients', 'client_id'] } as const;

/**
 * SQL that holds an id until the transaction ends, with the bindings of `heldSubject`. The lock takes the place of
 * the unique index that two tables cannot share; what it waited for is seen by the next statement only.
 */
export const HOLD_SUBJECT = `pg_advisory_xact_lock_shared(hashtextextended(CAST(:allSubjects AS text), 0)),
  pg_advisory_xact_lock(hashtextextended(CAST(:subject AS text), 0))`;

/** Bindings for an id that somebody chose. Those that we make need no lock: nobody knows them before they are written. */
export const heldSubject = (
  scope: { readonly tenantId: string },
  chosenId: string | undefined,
): { allSubjects: string | null; subject: string | null } =>
  chosenId === undefined
    ? { allSubjects: null, subject: null }
    : { allSubjects: allSubjects(scope), subject: `subject:${scope.tenantId}/${chosenId}` };

/** Holds an id that somebody chose, and tells whether the tenant has one of the other kind by it. */
export async function isOfAnotherKind(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  kind: SubjectKind,
  id: string,
): Promise<boolean> {
  await tx.raw(`SELECT ${HOLD_SUBJECT}`, heldSubject(scope, id) as Record<string, string>);
  return isHeldByAnotherKind(tx, scope, kind, id);
}

/** The same for an id that is held already. */
export async function isHeldByAnotherKind(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  kind: SubjectKind,
  id: string,
): Promise<boolean> {
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
