import type { Knex } from 'knex';
import { withClient, type Database } from '../db/connection.ts';
import { copyBlock, copyRows, type CopyBlock } from '../db/copy.ts';
import { inTransaction } from '../db/transaction.ts';
import type { ImportScope, RowIssue, StagedRow } from './import.ts';

/**
 * Lets this transaction's commit not wait for the disk. Nothing is half done after a crash, and the last
 * transaction of an import waits for all before it.
 */
export async function flushLater(tx: Knex.Transaction): Promise<void> {
  await tx.raw('SET LOCAL synchronous_commit = off');
}

/** Adds a row to those that are about to be put where they wait. */
export function addStaged(rows: CopyBlock, scope: ImportScope, { line, userId, person }: StagedRow): void {
  rows.add([scope.tenantId, scope.importId, line, userId, person]);
}

/** Puts rows where they wait for their batch. */
export async function stageRows(tx: Knex.Transaction, rows: CopyBlock): Promise<void> {
  if (rows.bytes === 0) return;
  await withClient(tx, (client) =>
    copyBlock(client, 'import_rows (tenant_id, import_id, line, user_id, document)', rows),
  );
}

// What a person can look through. The count of failed rows goes on.
const MAX_KEPT_ISSUES = 10_000;

/** Keeps what is wrong with rows, up to a number of them; gives how many rows these are. */
export async function keepIssues(
  tx: Knex.Transaction,
  { tenantId, importId }: ImportScope,
  issues: readonly RowIssue[],
): Promise<number> {
  if (issues.length === 0) return 0;
  const { rows } = await tx.raw<{ rows: { kept: number }[] }>(
    'SELECT count(*) AS kept FROM (SELECT FROM import_errors WHERE tenant_id = ? AND import_id = ? LIMIT ?) e',
    [tenantId, importId, MAX_KEPT_ISSUES],
  );
  const room = MAX_KEPT_ISSUES - (rows[0]?.kept ?? 0);
  const positions = new Map<number, number>();
  const entries = issues.slice(0, room).map(({ line, pointer, code, message }) => {
    const position = positions.get(line) ?? 0;
    positions.set(line, position + 1);
    return [tenantId, importId, line, position, pointer, code, message];
  });
  if (entries.length > 0) {
    await withClient(tx, (client) =>
      copyRows(
        client,
        'import_errors (tenant_id, import_id, line, position, pointer, code, message)',
        entries,
      ),
    );
  }
  return new Set(issues.map(({ line }) => line)).size;
}

/** Lines that are refused claim nothing any more. */
export async function dropLines(
  tx: Knex.Transaction,
  { tenantId, importId }: ImportScope,
  lines: readonly number[],
): Promise<void> {
  if (lines.length === 0) return;
  await tx.raw(
    `DELETE FROM import_rows WHERE tenant_id = ? AND import_id = ? AND line BETWEEN ? AND ? AND line = ANY(?)`,
    [tenantId, importId, Math.min(...lines), Math.max(...lines), lines as unknown as string],
  );
}

// What people are looked up by. A list of columns leaves the count by which the database decides to look itself.
const KEYS = `user_ids (tenant_id, user_id), users (tenant_id, pool_id, user_id),
  identifiers (tenant_id, pool_id, user_id, lookup_key, identifier_lc),
  verifiable_addresses (tenant_id, pool_id, user_id, lookup_key, verified),
  credentials (tenant_id, pool_id, user_id, type)`;

/**
 * Tells the database's planner what has come: it looks by itself only once a minute, where a table has grown by a
 * tenth, and until then would read the whole of a pool that is new to it for a single name. A small sample of the
 * keys tells it of any pool that is large enough to matter.
 */
export async function refreshStatistics(db: Database): Promise<void> {
  await inTransaction(db, async (tx) => {
    await tx.raw('SET LOCAL default_statistics_target = 10');
    await tx.raw(`ANALYZE ${KEYS}`);
  });
}

/** The same while an import goes on, where it has `written` more people than the planner knows of altogether. */
export async function refreshOutgrown(db: Database, written: number): Promise<void> {
  const { rows } = await db.knex.raw<{ rows: { known: number }[] }>(
    "SELECT reltuples AS known FROM pg_class WHERE oid = 'users'::regclass",
  );
  if ((rows[0]?.known ?? 0) < written) await refreshStatistics(db);
}

/** Removes up to `limit` waiting rows of an import; gives how many. */
export async function dropStagedRows(
  executor: Knex,
  { tenantId, importId }: { readonly tenantId: string; readonly importId: string },
  limit: number,
): Promise<number> {
  const { rows } = await executor.raw<{ rows: { dropped: number }[] }>(
    // By their place in the table: a join with the rows themselves would be planned without statistics.
    `WITH names AS (
       DELETE FROM import_names WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM import_names WHERE tenant_id = :tenantId AND import_id = :importId LIMIT :limit))
       RETURNING 1),
     people AS (
       DELETE FROM import_rows WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM import_rows WHERE tenant_id = :tenantId AND import_id = :importId LIMIT :limit))
       RETURNING 1)
     SELECT (SELECT count(*) FROM names) + (SELECT count(*) FROM people) AS dropped`,
    { tenantId, importId, limit },
  );
  return rows[0]?.dropped ?? 0;
}
