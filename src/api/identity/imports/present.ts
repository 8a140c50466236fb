import type { Import, RowIssue } from '../../../imports/import.ts';
import { present } from '../../present.ts';

export const presentImport = (job: Import): object => ({
  id: job.id,
  tenant_id: job.tenantId,
  identity_pool_id: job.poolId,
  source: job.source,
  status: job.status,
  dry_run: job.dryRun,
  received: job.receivedLines,
  created: job.createdRows,
  skipped: job.skippedRows,
  failed: job.failedRows,
  started_at: job.startedAt,
  updated_at: job.updatedAt,
  ...present({ failure: job.failure, finished_at: job.finishedAt }),
});

/** The import with a page of what is wrong with its lines. */
export function presentImportWithErrors(job: Import, errors: readonly RowIssue[], limit: number): object {
  const lines = new Set(errors.map(({ line }) => line));
  const last = lines.size === limit ? errors.at(-1) : undefined;
  return { ...presentImport(job), errors, ...(last && { next_after_line: last.line }) };
}
