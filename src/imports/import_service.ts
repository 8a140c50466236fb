import type { Knex } from 'knex';
import { relyingPartyOf } from '../credentials/passkeys.ts';
import type { Database } from '../db/connection.ts';
import type { Page } from '../db/keyset.ts';
import { inTransaction } from '../db/transaction.ts';
import { conflict, invalid, notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Pool, PoolScope } from '../pools/pool.ts';
import { findPool, lockPool } from '../pools/pool_store.ts';
import type { Sealer } from '../security/seal.ts';
import { newSlug } from '../tenants/slug.ts';
import { sealTotp } from '../users/factors/totp_secret.ts';
import { batchesOf, endImport } from './apply.ts';
import type { PersonCheck } from './check_person.ts';
import { FileRefused, readDocuments, type ImportFormat } from './documents.ts';
import type { Import, ImportScope, RowIssue } from './import.ts';
import * as store from './import_store.ts';
import { dataIssuesOf } from './person_data.ts';
import { ImportEnded, receiveRows } from './receive.ts';
import { dropStagedRows, refreshStatistics } from './staging_store.ts';

export type NewImport = {
  readonly source: Import['source'];
  readonly format: ImportFormat;
  readonly dryRun: boolean;
  /** Whether the caller may bring hashes and secrets along. */
  readonly mayBringSecrets: boolean;
  /** Whether the caller may put people into groups. */
  readonly mayBringGroups: boolean;
};

export type ImportService = ReturnType<typeof createImportService>;

// More at once only wait for each other.
const MAX_OPEN_PER_POOL = 5;
const DROP_BATCH = 5_000;
const ABANDONED_BATCH = 10;
// People after whom a table is another one than before.
const MANY = 1_000;

export type ImportDeps = {
  readonly db: Database;
  readonly sealer: Sealer;
  /** Its host is the one that passkeys must be for. */
  readonly publicUrl: string;
  /** How often whoever works on an import says so. */
  readonly renewEveryMs?: number;
};

/** Streaming imports of people into a pool. Throws `DomainError`. */
export function createImportService(deps: ImportDeps) {
  const { db, renewEveryMs = store.RENEW_EVERY_MS } = deps;
  return {
    /**
     * Takes a file in, line by line as it comes, and writes its people meanwhile. Resolves when the whole file is
     * there: `done` resolves when everybody is written. What was written stays when the file ends early; the same
     * file again goes on where it ended. Throws what reading the source throws, and `ImportEnded`.
     */
    async receive(
      scope: PoolScope,
      options: NewImport,
      source: AsyncIterable<Uint8Array>,
      by: Actor,
    ): Promise<{ readonly importId: string; readonly done: Promise<void> }> {
      const { importScope, pool } = await begin(db, scope, options, by);
      const check = checkFor(deps, pool, options);
      const writer = startWriter(db, importScope);
      const letGo = keepLease(db, importScope, renewEveryMs);
      try {
        await receiveRows(db, importScope, readDocuments(source, options.format), check, writer.wake);
        await store.noteComplete(db.knex, importScope);
      } catch (error) {
        await writer.stop();
        await interrupt(db, importScope, by).finally(letGo);
        throw asRefusal(error);
      }
      return { importId: importScope.importId, done: writer.finish().finally(letGo) };
    },

    async get(scope: ImportScope): Promise<Import> {
      return (await store.findImport(db.knex, scope)) ?? absent();
    },

    /** The imports of a pool, newest first. */
    async list(scope: PoolScope, page: Page): Promise<Import[]> {
      if ((await findPool(db.knex, scope)) === undefined) throw notFound('Pool');
      return store.listImports(db.knex, scope, { order: 'desc', ...page });
    },

    /** What is wrong with the lines after one, in their order. */
    async issues(scope: ImportScope, page: { afterLine: number; limit: number }): Promise<RowIssue[]> {
      return store.listIssues(db.knex, scope, page);
    },

    /** Stops an import. Who is written stays; cancelling what has ended does nothing (409). */
    async cancel(scope: ImportScope, by: Actor): Promise<Import> {
      return inTransaction(db, async (tx) => {
        const job = (await store.findImport(tx, scope)) ?? absent();
        if (!(await endImport(tx, scope, job, 'cancelled', null, by))) {
          throw conflict('This import has ended already', 'import_ended');
        }
        return (await store.findImport(tx, scope)) ?? absent();
      });
    },

    /**
     * Carries on what other processes left when they ended: writes what they had received, and clears away what
     * nobody needs. For a job; safe on several processes at once. Gives how many imports it saw to.
     */
    async sweep(): Promise<number> {
      const abandoned = await store.takeAbandoned(db.knex, ABANDONED_BATCH);
      for (const { status, ...scope } of abandoned) {
        if (status === 'receiving') await interrupt(db, scope);
        else await startWriter(db, scope).finish();
      }
      return abandoned.length + (await store.dropOldImports(db.knex, DROP_BATCH));
    },
  };
}

async function begin(
  db: Database,
  scope: PoolScope,
  { source, format, dryRun }: NewImport,
  by: Actor,
): Promise<{ importScope: ImportScope; pool: Pool }> {
  return inTransaction(db, async (tx) => {
    const pool = await lockPool(tx, scope, 'share');
    if (pool === undefined) throw notFound('Pool');
    if ((await store.countOpenImports(tx, scope)) >= MAX_OPEN_PER_POOL) {
      throw conflict(
        'This pool takes five imports at a time: wait for one to end, or cancel it',
        'too_many_imports',
      );
    }
    const importScope = { tenantId: scope.tenantId, poolId: scope.poolId, importId: newImportId() };
    await store.insertImport(tx, importScope, { source, dryRun });
    await store.holdSchemas(tx, scope);
    await recordAudit(tx, scope, by, {
      subject: 'import',
      action: 'started',
      affected: { poolId: scope.poolId },
      payload: { import_id: importScope.importId, source, format, dry_run: dryRun },
    });
    return { importScope, pool };
  });
}

/** Ascends with time; two of one millisecond are told apart by chance. */
const newImportId = (): string => `${Date.now().toString(36).padStart(9, '0')}-${newSlug()}`;

function checkFor(
  { db, sealer, publicUrl }: ImportDeps,
  pool: Pool,
  { mayBringSecrets, mayBringGroups }: NewImport,
): PersonCheck {
  const { tenantId, id: poolId } = pool;
  return {
    pool,
    mayBringSecrets,
    mayBringGroups,
    party: relyingPartyOf(publicUrl),
    dataIssues: dataIssuesOf(db, { tenantId }),
    sealTotp: (userId, secret) => sealTotp(sealer, { tenantId, poolId, userId }, secret),
  };
}

/** Says now and then that somebody works on an import, until the function it gives is called. */
function keepLease(db: Database, scope: ImportScope, everyMs: number): () => void {
  // A database that is away now may be back before the lease ends.
  const renew = () => void store.renewLease(db.knex, scope).catch(() => {});
  const timer = setInterval(renew, everyMs).unref();
  return () => clearInterval(timer);
}

type Writer = {
  /** More rows wait. */
  readonly wake: () => void;
  /** Resolves when everything is written, after the last row came. */
  finish(): Promise<void>;
  /** Resolves when the batch under way is written. */
  stop(): Promise<void>;
};

/** Writes what waits, batch by batch, while the file still comes. */
function startWriter(db: Database, scope: ImportScope): Writer {
  const state = { ended: false, stopped: false };
  let wake = () => {};
  const nap = () => new Promise<void>((resolve) => (wake = resolve));
  const applyNext = batchesOf(db, scope);
  const work = async () => {
    for (;;) {
      const rested = nap();
      const outcome = state.stopped ? 'over' : await applyNext();
      if (outcome === 'over') break;
      if (outcome === 'idle' && !state.ended && !state.stopped) await rested;
    }
    if (!state.stopped) await clearAway(db, scope);
  };
  const running = work();
  // Whoever waits for the end hears of it; until then it is nobody's unhandled rejection.
  running.catch(() => {});
  return {
    wake: () => wake(),
    finish() {
      state.ended = true;
      wake();
      return running;
    },
    async stop() {
      state.stopped = true;
      wake();
      await running.catch(() => {});
    },
  };
}

/** Writes what has come of a file that will not come whole, and ends its import. */
async function interrupt(db: Database, scope: ImportScope, by?: Actor): Promise<void> {
  const applyNext = batchesOf(db, scope);
  while ((await applyNext()) === 'applied');
  await inTransaction(db, (tx: Knex.Transaction) => endInterrupted(tx, scope, by));
  await clearAway(db, scope);
}

async function endInterrupted(tx: Knex.Transaction, scope: ImportScope, by?: Actor): Promise<void> {
  const job = await store.findImport(tx, scope);
  if (job !== undefined) await endImport(tx, scope, job, 'interrupted', 'the file did not arrive whole', by);
}

async function clearAway(db: Database, scope: ImportScope): Promise<void> {
  const job = await store.findImport(db.knex, scope);
  if (job !== undefined && !job.dryRun && job.createdRows >= MANY) await refreshStatistics(db);
  while ((await dropStagedRows(db.knex, scope, DROP_BATCH)) > 0);
  await store.noteUnstaged(db.knex, scope);
}

function asRefusal(error: unknown): unknown {
  if (error instanceof FileRefused) return invalid('', error.message, 'file_refused');
  if (error instanceof ImportEnded) return conflict('The import was cancelled', 'import_ended');
  return error;
}

function absent(): never {
  throw notFound('Import');
}
