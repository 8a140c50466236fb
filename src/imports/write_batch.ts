import type { Knex } from 'knex';
import { randomShard } from '../pools/pool_store.ts';
import { haveRivals, insertStaged, rememberNames, type CaseRule } from './batch_store.ts';
import { readCandidates, readWaiting, type WaitingRow } from './candidate_store.ts';
import { joinGroups, type Joining } from './join_groups.ts';
import type { ImportScope } from './import.ts';
import type { HeldImport } from './import_store.ts';
import { dropLines, flushLater, keepIssues } from './staging_store.ts';
import { decide } from './verdict.ts';

// Short enough for those who register in the pool meanwhile: they wait for the end of a batch.
const BATCH_ROWS = 1_000;

/** What became of a batch: its last line, and how many of its rows went which way. */
export type WrittenBatch = {
  readonly lastLine: number;
  readonly created: number;
  readonly skipped: number;
  readonly failed: number;
};

/** Somebody in the batch clashes with somebody: who, `writeDecided` tells. */
export class NotAllNew extends Error {
  override readonly name = 'NotAllNew';
}

/**
 * Writes the next rows as people who are all new: nothing is looked up before, the unique indexes refuse whoever is
 * not, and what they cannot see is looked for afterwards. Undefined when no rows wait. Throws `NotAllNew` and unique
 * violations; the caller takes everything back then.
 */
export async function writeNew(
  tx: Knex.Transaction,
  scope: ImportScope,
  { appliedLine: afterLine }: HeldImport,
  rule: CaseRule,
): Promise<WrittenBatch | undefined> {
  const rows = await readWaiting(tx, scope, { afterLine, limit: BATCH_ROWS });
  const lastLine = rows.at(-1)?.line;
  if (lastLine === undefined) return undefined;
  await flushLater(tx);
  const batch = { afterLine, lastLine, leftOut: [] };
  await insertStaged(tx, scope, batch, { ...rule, shard: randomShard() });
  if (await haveRivals(tx, scope, batch)) throw new NotAllNew();
  await joinGroups(tx, scope, joining(rows));
  return { lastLine, created: rows.length, skipped: 0, failed: 0 };
}

/**
 * Decides about each of the next rows, writes those that are new (a dry run remembers their names), and keeps what is
 * wrong with the others. Undefined when no rows wait. Throws unique violations when somebody was faster.
 */
export async function writeDecided(
  tx: Knex.Transaction,
  scope: ImportScope,
  { appliedLine: afterLine, dryRun }: HeldImport,
  rule: CaseRule,
): Promise<WrittenBatch | undefined> {
  const candidates = await readCandidates(tx, scope, { afterLine, limit: BATCH_ROWS, dryRun, ...rule });
  const lastLine = candidates.at(-1)?.line;
  if (lastLine === undefined) return undefined;
  await flushLater(tx);
  const { created, skipped, issues } = decide(candidates);
  const refused = [...new Set(issues.map(({ line }) => line))];
  const batch = { afterLine, lastLine, leftOut: [...skipped, ...refused] };
  if (created.length > 0) {
    await (dryRun
      ? rememberNames(tx, scope, batch, rule)
      : insertStaged(tx, scope, batch, { ...rule, shard: randomShard() }));
  }
  if (!dryRun) {
    const written = new Set(created);
    await joinGroups(tx, scope, joining(candidates.filter(({ line }) => written.has(line))));
  }
  const failed = await keepIssues(tx, scope, issues);
  await dropLines(tx, scope, refused);
  return { lastLine, created: created.length, skipped: skipped.length, failed };
}

/** The groups that each of the people who were written is to be in. */
const joining = (written: readonly Pick<WaitingRow, 'userId' | 'groups'>[]): Joining[] =>
  written.flatMap(({ userId, groups }) => groups.map((path) => ({ userId, path })));
