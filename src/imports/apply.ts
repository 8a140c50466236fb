import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { refusedData, violatedUniqueConstraint } from '../db/errors.ts';
import { inTransaction } from '../db/transaction.ts';
import { SYSTEM_ACTOR, type Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { lockPool } from '../pools/pool_store.ts';
import { holdAllSubjectIds } from '../tenants/subject_id_store.ts';
import { TooManyGroups } from './join_groups.ts';
import type { Import, ImportScope, ImportStatus } from './import.ts';
import { finishImport, noteApplied, readProgress } from './import_store.ts';
import { refreshOutgrown } from './staging_store.ts';
import { NotAllNew, writeDecided, writeNew } from './write_batch.ts';

// Somebody who claims names without the common lock can only make a batch start over.
const MAX_TRIES = 5;
// Each time eight times as many as before: a tenth of a second altogether.
const STATISTICS_AT = [1_000, 8_000, 64_000, 512_000];

/** `applied`: there may be more. `idle`: nothing waits, the file still comes. `over`: it has ended. */
export type BatchOutcome = 'applied' | 'idle' | 'over';

/**
 * Gives what decides about the next waiting rows of an import and writes those that are new, with the progress, in
 * one transaction: killed anywhere, nothing is half done and nothing is done twice. Any number of processes may do
 * this for one import at once.
 */
export function batchesOf(db: Database, scope: ImportScope): () => Promise<BatchOutcome> {
  // Most files hold people who are all new. One who is not makes the batch start over, and the next ones be careful.
  let hopeful = true;
  return async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { outcome, created, allNew } = await inTransaction(db, (tx) => applyIn(tx, scope, hopeful));
        hopeful = allNew;
        if (crossesMilestone(created)) await refreshOutgrown(db, created.after);
        return outcome;
      } catch (error) {
        if (error instanceof TakenBack) return 'applied';
        const reason = lastingReason(error);
        if (reason !== undefined) return giveUp(db, scope, reason);
        if (!(error instanceof NotAllNew) && violatedUniqueConstraint(error) === undefined) throw error;
        if (attempt === MAX_TRIES) throw error;
        hopeful = false;
      }
    }
  };
}

/** What the database refuses today it refuses tomorrow: tried again, the import would never end. */
function lastingReason(error: unknown): string | undefined {
  if (error instanceof TooManyGroups)
    return 'too many groups at once that the pool does not have: create them first';
  const code = refusedData(error);
  return code === undefined ? undefined : `the database refuses a row (${code})`;
}

async function giveUp(db: Database, scope: ImportScope, reason: string): Promise<'over'> {
  await inTransaction(db, async (tx) => {
    const job = await readProgress(tx, scope);
    const failure = `after line ${job?.appliedLine ?? 0}: ${reason}`;
    if (job !== undefined) await endImport(tx, scope, job, 'failed', failure);
  });
  return 'over';
}

/** Another process applied the batch, or the import was cancelled: what this transaction did is taken back. */
class TakenBack extends Error {}

/** How many people the import had written before a batch and has after it. */
type Written = { readonly before: number; readonly after: number };

type Applied = {
  readonly outcome: BatchOutcome;
  readonly created: Written;
  /** Nobody in it was there before, or clashed with anybody. */
  readonly allNew: boolean;
};

const nothingWritten = (outcome: BatchOutcome, allNew: boolean): Applied => ({
  outcome,
  created: { before: 0, after: 0 },
  allNew,
});

/**
 * Whether the tables have grown so much that the planner needs to know: the import's own look-ups do without
 * (`seek`), but what everybody else asks meanwhile would be planned for tables that were empty.
 */
const crossesMilestone = ({ before, after }: Written): boolean =>
  STATISTICS_AT.some((rows) => before < rows && after >= rows);

async function applyIn(tx: Knex.Transaction, scope: ImportScope, hopeful: boolean): Promise<Applied> {
  // Whoever claims names in the pool holds it too (`lockPoolAndNames`), so that nobody else does meanwhile.
  const pool = await lockPool(tx, scope, 'update');
  await holdAllSubjectIds(tx, scope);
  const job = await readProgress(tx, scope);
  if (job === undefined || job.finishedAt !== null) return nothingWritten('over', hopeful);
  if (pool === undefined) {
    await endImport(tx, scope, job, 'failed', 'the pool was deleted');
    return nothingWritten('over', hopeful);
  }
  const rule = { caseInsensitive: pool.identifierCaseInsensitive };
  const write = hopeful && !job.dryRun ? writeNew : writeDecided;
  const batch = await write(tx, scope, job, rule);
  if (batch === undefined) return nothingWritten(await nothingWaits(tx, scope, job), hopeful);
  const { lastLine: appliedLine, created, skipped, failed } = batch;
  const progress = { fromLine: job.appliedLine, appliedLine, created, skipped, failed };
  if (!(await noteApplied(tx, scope, progress))) throw new TakenBack();
  const before = job.createdRows;
  return {
    outcome: 'applied',
    created: { before, after: job.dryRun ? before : before + created },
    allNew: skipped + failed === 0,
  };
}

async function nothingWaits(tx: Knex.Transaction, scope: ImportScope, job: Import): Promise<'idle' | 'over'> {
  if (job.status === 'receiving') return 'idle';
  const decided = job.createdRows + job.skippedRows + job.failedRows;
  // Waiting rows do not outlive a crash of the database.
  await (decided === job.receivedLines
    ? endImport(tx, scope, job, 'completed')
    : endImport(tx, scope, job, 'interrupted', 'the database crashed: repeat the file'));
  return 'over';
}

/** Ends an import and records it. False when it has ended before. */
export async function endImport(
  tx: Knex.Transaction,
  scope: ImportScope,
  job: Import,
  status: Exclude<ImportStatus, 'receiving' | 'running'>,
  failure: string | null = null,
  by: Actor = SYSTEM_ACTOR,
): Promise<boolean> {
  if (!(await finishImport(tx, scope, status, failure))) return false;
  await recordAudit(tx, scope, by, {
    subject: 'import',
    action: status,
    affected: { poolId: scope.poolId },
    payload: {
      import_id: scope.importId,
      dry_run: job.dryRun,
      created: job.createdRows,
      skipped: job.skippedRows,
      failed: job.failedRows,
    },
  });
  return true;
}
