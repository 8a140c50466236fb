import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { createWriteStream } from 'node:fs';
import type { Config } from '../config.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';
import { createExportService } from '../exports/export_service.ts';
import { asOperator } from './operator.ts';

// Hashes and secrets: for whoever runs the command alone.
const OWNER_ONLY = 0o600;

/** `weir export users`: everybody of a pool as NDJSON, to a file or to standard output. */
export async function exportUsersCommand(
  config: Config,
  { tenant, pool, output }: { tenant: string; pool: string; output?: string },
): Promise<void> {
  await asOperator(config, async ({ db, sealer }) => {
    const exports = createExportService({ db, sealer, publicUrl: config.publicUrl });
    const lines = await exports.people({ tenantId: tenant, poolId: pool }, SYSTEM_ACTOR);
    const target =
      output === undefined ? process.stdout : createWriteStream(output, { mode: OWNER_ONLY, flags: 'wx' });
    await pipeline(Readable.from(lines), target, { end: output !== undefined });
  });
}
