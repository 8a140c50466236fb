import type { Knex } from 'knex';
import { createSealer, type MasterKey, type Sealer } from './seal.ts';
import { insertWrappedKeys, listWrappedKeys } from './wrapped_keys_store.ts';

/**
 * What is hashed for longer than a key rotation may take: client secrets and recovery codes for good, codes and
 * links for days, known browsers for months. Everything else is made anew by the next request.
 */
export const KEPT_HASH_PURPOSES = [
  'client_secret',
  'recovery_code',
  'one_time_code',
  'address_objection',
  'known_browser',
] as const;

/** The sealer of an installation: its master keys, and what those that are gone have hashed with. */
export async function loadSealer(knex: Knex, masterKeys: readonly MasterKey[]): Promise<Sealer> {
  return createSealer(masterKeys, await listWrappedKeys(knex));
}

/** Keeps what a master key hashes with, so that it can be taken away. Done before, it changes nothing. */
export async function wrapHashKeys(knex: Knex, sealer: Sealer, kid: string): Promise<void> {
  const keys = KEPT_HASH_PURPOSES.map((purpose) => ({
    kid,
    purpose,
    sealed: sealer.wrapHashKey(kid, purpose),
  }));
  await insertWrappedKeys(knex, keys);
}
