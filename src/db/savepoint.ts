import type { Knex } from 'knex';

/**
 * Runs `fn` within a transaction and keeps what it did when it says so; otherwise, and when it throws, that alone
 * is taken back and the transaction goes on. Calls do not nest.
 */
export async function keepingIf<T extends { readonly keep: boolean }>(
  tx: Knex.Transaction,
  fn: () => Promise<T>,
): Promise<T> {
  await tx.raw('SAVEPOINT keeping_if');
  let keep = false;
  try {
    const result = await fn();
    ({ keep } = result);
    return result;
  } finally {
    await tx.raw(`${keep ? '' : 'ROLLBACK TO SAVEPOINT keeping_if; '}RELEASE SAVEPOINT keeping_if`);
  }
}
