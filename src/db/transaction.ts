import type { Knex } from 'knex';
import type { Database } from './connection.ts';
import { isRetryable, translateDatabaseError } from './errors.ts';

/**
 * Runs `fn` in one transaction: committed when it resolves, rolled back when it throws. A deadlock or
 * serialisation failure runs it once more, so `fn` has no effects outside the transaction.
 * Throws what `fn` throws, or `DatabaseUnavailable`.
 */
export async function inTransaction<T>(
  db: Pick<Database, 'knex'>,
  fn: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  try {
    return await db.knex.transaction(fn);
  } catch (error) {
    if (!isRetryable(error)) throw translateDatabaseError(error);
  }
  try {
    return await db.knex.transaction(fn);
  } catch (error) {
    throw translateDatabaseError(error);
  }
}
