import { setTimeout as pause } from 'node:timers/promises';
import type { Knex } from 'knex';
import { conflict } from '../domain_error.ts';

const ASK_EVERY_MS = 100;
const LONGEST_WAIT_MS = 5 * 60_000;

/**
 * Holds a tenant's configuration until the transaction ends, against others that apply one. Asks again and again:
 * a statement that waits would be ended by its time limit. Throws `DomainError` when the wait gets too long.
 */
export async function waitForTurn(
  tx: Knex.Transaction,
  { tenantId }: { readonly tenantId: string },
): Promise<void> {
  for (const started = Date.now(); Date.now() - started < LONGEST_WAIT_MS; await pause(ASK_EVERY_MS)) {
    const { rows } = await tx.raw<{ rows: { held: boolean }[] }>(
      'SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0)) AS held',
      [`configuration:${tenantId}`],
    );
    if (rows[0]?.held === true) return;
  }
  throw conflict('Somebody else is applying a configuration to this tenant: try again later');
}
