import type { Knex } from 'knex';
import { hashPassword, methodTakes, type PasswordMethod } from '../../credentials/hashers/index.ts';
import type { HashQueue } from '../../credentials/hash_queue.ts';
import { normalizePassword } from '../../credentials/password.ts';
import { replacePasswordHash } from './rehash_store.ts';

/**
 * Hashes a password that was just found right in the pool's present method, behind everybody who waits. Never a
 * reason for the caller to wait or to fail (S-PW-14): what does not succeed is tried again at the next sign-in.
 */
export function rehashLater(
  { knex, hashQueue }: { readonly knex: Knex; readonly hashQueue: HashQueue },
  scope: { readonly tenantId: string; readonly poolId: string },
  stored: { readonly userId: string; readonly credentialId: string; readonly hash: string },
  typed: string,
  method: PasswordMethod,
): void {
  const normalized = normalizePassword(typed);
  // What the method would cut stays in the old one, until the person chooses another password.
  if (!normalized.ok || !methodTakes(method, normalized.password)) return;
  hashQueue
    .runLow(() => hashPassword(normalized.password, method))
    .then((fresh) => replacePasswordHash(knex, scope, stored, fresh))
    .catch(() => undefined);
}
