import type { Knex } from 'knex';
import type { WrappedHashKey } from './seal.ts';

export async function listWrappedKeys(knex: Knex): Promise<WrappedHashKey[]> {
  const { rows } = await knex.raw<{ rows: WrappedHashKey[] }>(
    'SELECT kid, purpose, key_sealed AS sealed FROM wrapped_hash_keys ORDER BY kid, purpose',
  );
  return rows;
}

/** What is there already stays. */
export async function insertWrappedKeys(knex: Knex, keys: readonly WrappedHashKey[]): Promise<void> {
  const rows = keys.map(({ kid, purpose, sealed }) => ({ kid, purpose, key_sealed: sealed }));
  await knex('wrapped_hash_keys').insert(rows).onConflict(['kid', 'purpose']).ignore();
}
