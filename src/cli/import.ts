import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { Config } from '../config.ts';
import { DomainError } from '../domain_error.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';
import type { ImportFormat } from '../imports/documents.ts';
import type { Import } from '../imports/import.ts';
import { createImportService, type ImportService } from '../imports/import_service.ts';
import { asOperator } from './operator.ts';

export type ImportUsersOptions = {
  readonly tenant: string;
  readonly pool: string;
  readonly format?: string;
  readonly dryRun?: boolean;
};

const SHOWN_ERRORS = 20;
const READ_BYTES = 256 * 1024;
const PROGRESS_EVERY_MS = 1_000;

/**
 * `weir import users`: like `POST .../imports`, from a file or, as `-`, from standard input. Gives the exit code:
 * 1 when a line was refused.
 */
export async function importUsersCommand(
  config: Config,
  file: string,
  { tenant: tenantId, pool: poolId, format, dryRun = false }: ImportUsersOptions,
): Promise<number> {
  const how = {
    source: 'command_line',
    format: formatOf(file, format),
    dryRun,
    mayBringSecrets: true,
    mayBringGroups: true,
  } as const;
  return asOperator(config, async ({ db, sealer }) => {
    const imports = createImportService({ db, sealer, publicUrl: config.publicUrl });
    const scope = { tenantId, poolId };
    const source = await sourceOf(file);
    const started = performance.now();
    const stopShowing = showProgress(imports, scope);
    try {
      const { importId, done } = await imports.receive(scope, how, source, SYSTEM_ACTOR);
      await done;
      const job = await imports.get({ ...scope, importId });
      const seconds = (performance.now() - started) / 1000;
      console.log(summaryOf(job, seconds));
      await showErrors(imports, { ...scope, importId }, job);
      return job.failedRows > 0 || job.status !== 'completed' ? 1 : 0;
    } finally {
      stopShowing();
    }
  });
}

async function sourceOf(file: string): Promise<Readable> {
  if (file === '-') return process.stdin;
  try {
    return (await open(file)).createReadStream({ highWaterMark: READ_BYTES });
  } catch (error) {
    throw new DomainError('invalid', `${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function formatOf(file: string, format: string | undefined): ImportFormat {
  const named = format ?? (file.toLowerCase().endsWith('.csv') ? 'csv' : 'ndjson');
  if (named === 'ndjson' || named === 'csv') return named;
  throw new DomainError('invalid', '--format is ndjson or csv');
}

function summaryOf(job: Import, seconds: number): string {
  const { createdRows: created, skippedRows: skipped, failedRows: failed, receivedLines: lines } = job;
  const rate = Math.round((created + skipped) / Math.max(seconds, 0.001));
  const verb = job.dryRun ? 'would be created' : 'created';
  return (
    `${job.status}: ${lines} lines, ${created} ${verb}, ${skipped} there already, ${failed} refused; ` +
    `${seconds.toFixed(1)} s, ${rate} users/s`
  );
}

async function showErrors(
  imports: ImportService,
  scope: { tenantId: string; poolId: string; importId: string },
  { failedRows }: Import,
): Promise<void> {
  if (failedRows === 0) return;
  for (const { line, pointer, message } of await imports.issues(scope, {
    afterLine: 0,
    limit: SHOWN_ERRORS,
  })) {
    console.error(`line ${line}: ${[pointer, message].filter((part) => part !== '').join(' ')}`);
  }
  if (failedRows > SHOWN_ERRORS) {
    const { tenantId, poolId, importId } = scope;
    console.error(`all of them: GET /api/identity/${tenantId}/admin/pools/${poolId}/imports/${importId}`);
  }
}

/** For a person at the terminal: one line that grows. Gives how to end it. */
function showProgress(imports: ImportService, scope: { tenantId: string; poolId: string }): () => void {
  if (!process.stderr.isTTY) return () => {};
  const show = async () => {
    const [job] = await imports.list(scope, { limit: 1, order: 'desc' });
    if (job !== undefined)
      process.stderr.write(`\r${job.createdRows + job.skippedRows + job.failedRows} lines `);
  };
  const timer = setInterval(() => void show().catch(() => {}), PROGRESS_EVERY_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r');
  };
}
