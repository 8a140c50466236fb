import type { Knex } from 'knex';
import type { Pool, PoolScope } from '../pools/pool.ts';
import { findKnownUser } from './known_user_store.ts';
import { lookupKeysOf, type UserKey } from './user_key.ts';

/**
 * Whom somebody means who types a sign-in name or a proven address into a form, as a key: the name wins. Nobody is
 * meant by what nobody has, and the key says what was typed, so that tries at it are counted. Two statements whoever
 * it is (rule 17).
 */
export async function keyOfTyped(
  executor: Knex,
  scope: PoolScope,
  pool: Pick<Pool, 'identifierCaseInsensitive'>,
  typed: string,
): Promise<UserKey> {
  const named = await findKnownUser(executor, scope, lookupKeysOf({ identifier: typed }, pool));
  const proven = await findKnownUser(executor, scope, lookupKeysOf({ address: typed }, pool));
  return named === undefined && proven !== undefined ? { address: typed } : { identifier: typed };
}
