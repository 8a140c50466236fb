import type { Knex } from 'knex';
import { selection, type Columns } from '../db/columns.ts';
import { keyset, type Page } from '../db/keyset.ts';
import type { PoolScope } from '../pools/pool.ts';
import type { Import, ImportScope, ImportStatus, RowIssue } from './import.ts';

const COLUMNS: Columns<Import> = {
  tenantId: 'tenant_id',
  id: 'import_id',
  poolId: 'pool_id',
  source: 'source',
  status: 'status',
  dryRun: 'dry_run',
  receivedLines: 'received_lines',
  createdRows: 'created_rows',
  skippedRows: 'skipped_rows',
  failedRows: 'failed_rows',
  failure: 'failure',
  startedAt: 'started_at',
  updatedAt: 'updated_at',
  finishedAt: 'finished_at',
};
const SELECT = selection(COLUMNS, 'j');

// Renewed at every batch, and by time: without it the process has ended, or has lost the database for good.
const LEASE_SECONDS = 120;
const LEASE = `lease_until = now() + interval '${LEASE_SECONDS} seconds'`;
const RENEW = `${LEASE}, updated_at = now()`;
export const RENEW_EVERY_MS = (LEASE_SECONDS / 4) * 1000;

/** An import together with how far it has been applied. */
export type HeldImport = Import & { readonly appliedLine: number };

export async function insertImport(
  tx: Knex.Transaction,
  scope: ImportScope,
  { source, dryRun }: Pick<Import, 'source' | 'dryRun'>,
): Promise<void> {
  await tx.raw(
    `INSERT INTO imports (tenant_id, import_id, pool_id, source, dry_run, lease_until)
     VALUES (:tenantId, :importId, :poolId, :source, :dryRun, now() + interval '${LEASE_SECONDS} seconds')`,
    { ...scope, source, dryRun },
  );
}

/** How many imports of a pool are under way, held against a further one until the transaction ends. */
export async function countOpenImports(tx: Knex.Transaction, scope: PoolScope): Promise<number> {
  await tx.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [
    `imports:${scope.tenantId}/${scope.poolId}`,
  ]);
  const { rows } = await tx.raw<{ rows: { open: number }[] }>(
    `SELECT count(*) AS open FROM imports WHERE tenant_id = ? AND pool_id = ? AND staged
        AND status IN ('receiving', 'running') AND lease_until > now()`,
    [scope.tenantId, scope.poolId],
  );
  return rows[0]?.open ?? 0;
}

export async function findImport(executor: Knex, scope: ImportScope): Promise<Import | undefined> {
  const { rows } = await executor.raw<{ rows: Import[] }>(
    `SELECT ${SELECT} FROM imports j WHERE j.tenant_id = ? AND j.pool_id = ? AND j.import_id = ?`,
    [scope.tenantId, scope.poolId, scope.importId],
  );
  return rows[0];
}

export async function listImports(executor: Knex, scope: PoolScope, page: Page): Promise<Import[]> {
  const at =
    page.after === undefined
      ? { before: page.before === undefined ? undefined : [page.before] }
      : { after: [page.after] };
  const { where, bindings, orderBy, arrange } = keyset(['j.import_id'], page, at);
  const { rows } = await executor.raw<{ rows: Import[] }>(
    `SELECT ${SELECT} FROM imports j WHERE j.tenant_id = ? AND j.pool_id = ? AND ${where}
      ORDER BY ${orderBy} LIMIT ?`,
    [scope.tenantId, scope.poolId, ...bindings, page.limit],
  );
  return arrange(rows);
}

/** What is wrong with up to `limit` lines after the one given, in their order. */
export async function listIssues(
  executor: Knex,
  scope: ImportScope,
  { afterLine, limit }: { readonly afterLine: number; readonly limit: number },
): Promise<RowIssue[]> {
  const { rows } = await executor.raw<{ rows: RowIssue[] }>(
    `WITH page AS (
       SELECT DISTINCT line FROM import_errors
        WHERE tenant_id = :tenantId AND import_id = :importId AND line > :afterLine ORDER BY line LIMIT :limit)
     SELECT e.line, e.pointer, e.code, e.message FROM page JOIN import_errors e ON e.tenant_id = :tenantId
        AND e.import_id = :importId AND e.line = page.line ORDER BY e.line, e.position`,
    { tenantId: scope.tenantId, importId: scope.importId, afterLine, limit },
  );
  return rows;
}

/** The import with how far it has been applied, as it is at this moment. */
export async function readProgress(executor: Knex, scope: ImportScope): Promise<HeldImport | undefined> {
  const { rows } = await executor.raw<{ rows: HeldImport[] }>(
    `SELECT ${SELECT}, j.applied_line AS "appliedLine" FROM imports j
      WHERE j.tenant_id = ? AND j.pool_id = ? AND j.import_id = ?`,
    [scope.tenantId, scope.poolId, scope.importId],
  );
  return rows[0];
}

/**
 * Holds every schema of the tenant against deletion until the transaction ends, and waits for deletions under way:
 * afterwards they see an import that may bring people of any of them.
 */
export async function holdSchemas(tx: Knex.Transaction, { tenantId }: PoolScope): Promise<void> {
  await tx.raw('SELECT FROM schemas WHERE tenant_id = ? ORDER BY schema_id FOR KEY SHARE', [tenantId]);
}

/** For whoever works on an import whose rows come slowly. */
export async function renewLease(executor: Knex, scope: ImportScope): Promise<void> {
  await executor.raw(
    `UPDATE imports SET ${LEASE} WHERE tenant_id = ? AND pool_id = ? AND import_id = ? AND staged`,
    [scope.tenantId, scope.poolId, scope.importId],
  );
}

/** Notes what has been read. False when the import takes no more: cancelled, or given up on. */
export async function noteReceived(
  tx: Knex.Transaction,
  scope: ImportScope,
  { lines, failed }: { readonly lines: number; readonly failed: number },
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `UPDATE imports SET received_lines = received_lines + :lines, failed_rows = failed_rows + :failed, ${RENEW}
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND import_id = :importId AND status = 'receiving'`,
    { ...scope, lines, failed },
  );
  return rowCount === 1;
}

export type Progress = {
  readonly fromLine: number;
  readonly appliedLine: number;
  readonly created: number;
  readonly skipped: number;
  readonly failed: number;
};

/**
 * Notes a batch in the transaction that wrote it. False when another process has applied it, or the import was
 * cancelled meanwhile: the caller takes everything back. The row is held for this statement's transaction only
 * at its end, so that reading the file and writing people go on side by side.
 */
export async function noteApplied(
  tx: Knex.Transaction,
  scope: ImportScope,
  progress: Progress,
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `UPDATE imports SET applied_line = :appliedLine, created_rows = created_rows + :created,
            skipped_rows = skipped_rows + :skipped, failed_rows = failed_rows + :failed, ${RENEW}
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND import_id = :importId
        AND status IN ('receiving', 'running') AND applied_line = :fromLine`,
    { ...scope, ...progress },
  );
  return rowCount === 1;
}

/** The whole file is there. False when the import is no longer receiving. */
export async function noteComplete(executor: Knex, scope: ImportScope): Promise<boolean> {
  const { rowCount } = await executor.raw<{ rowCount: number }>(
    `UPDATE imports SET status = 'running', ${RENEW}
      WHERE tenant_id = ? AND pool_id = ? AND import_id = ? AND status = 'receiving'`,
    [scope.tenantId, scope.poolId, scope.importId],
  );
  return rowCount === 1;
}

/** Ends an import. False when it has ended before. */
export async function finishImport(
  tx: Knex.Transaction,
  scope: ImportScope,
  status: Exclude<ImportStatus, 'receiving' | 'running'>,
  failure: string | null = null,
): Promise<boolean> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `UPDATE imports SET status = :status, failure = :failure, finished_at = now(), updated_at = now()
      WHERE tenant_id = :tenantId AND pool_id = :poolId AND import_id = :importId
        AND status IN ('receiving', 'running')`,
    { ...scope, status, failure: failure as string },
  );
  return rowCount === 1;
}

export async function noteUnstaged(executor: Knex, scope: ImportScope): Promise<void> {
  await executor('imports')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, import_id: scope.importId })
    .update({ staged: false });
}

/** Imports that nobody works on any more: their process has ended. Taking one renews its lease. */
export async function takeAbandoned(
  executor: Knex,
  limit: number,
): Promise<(ImportScope & { readonly status: ImportStatus })[]> {
  const { rows } = await executor.raw<{ rows: (ImportScope & { status: ImportStatus })[] }>(
    `UPDATE imports j SET ${RENEW}
       FROM (SELECT tenant_id, import_id FROM imports WHERE staged AND lease_until < now()
              ORDER BY tenant_id, import_id LIMIT ? FOR UPDATE SKIP LOCKED) a
      WHERE j.tenant_id = a.tenant_id AND j.import_id = a.import_id
      RETURNING j.tenant_id AS "tenantId", j.pool_id AS "poolId", j.import_id AS "importId", j.status`,
    [limit],
  );
  return rows;
}

const KEPT_DAYS = 30;

/** Forgets up to `limit` imports that ended long ago. Gives how many. */
export async function dropOldImports(executor: Knex, limit: number): Promise<number> {
  const { rowCount } = await executor.raw<{ rowCount: number }>(
    `DELETE FROM imports j USING (
       SELECT tenant_id, import_id FROM imports
        WHERE NOT staged AND finished_at < now() - interval '${KEPT_DAYS} days'
        LIMIT ? FOR UPDATE SKIP LOCKED) old
      WHERE j.tenant_id = old.tenant_id AND j.import_id = old.import_id`,
    [limit],
  );
  return rowCount;
}
