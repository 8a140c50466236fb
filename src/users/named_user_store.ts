import type { Knex } from 'knex';
import { canonicalIdentifier } from '../credentials/identifier.ts';
import type { PoolScope } from '../pools/pool.ts';
import type { FullUser } from './user.ts';
import { FULL_USER } from './user_store.ts';

/** What a person is known by: a name to sign in with, or an address that is proven to be theirs. */
export type KnownName = { readonly identifier: string } | { readonly address: string };

/** The person of a pool that a key names, under the pool's case rule; one statement, none for what is no name. */
export async function findUserByName(
  executor: Knex,
  scope: PoolScope,
  key: KnownName,
): Promise<FullUser | undefined> {
  const text = 'identifier' in key ? key.identifier : key.address;
  const exact = canonicalIdentifier(text, { caseInsensitive: false });
  const folded = canonicalIdentifier(text, { caseInsensitive: true });
  if (exact === undefined || folded === undefined) return undefined;
  const { rows } = await executor.raw<{ rows: FullUser[] }>(
    `SELECT ${FULL_USER} FROM pools p
       JOIN ${'identifier' in key ? BY_IDENTIFIER : BY_ADDRESS}
       JOIN users u ON u.tenant_id = k.tenant_id AND u.pool_id = k.pool_id AND u.user_id = k.user_id
      WHERE p.tenant_id = :tenantId AND p.pool_id = :poolId AND p.deleted_at IS NULL`,
    { tenantId: scope.tenantId, poolId: scope.poolId, exact, folded },
  );
  return rows[0];
}

const BY_IDENTIFIER = `identifiers k ON k.tenant_id = p.tenant_id AND k.pool_id = p.pool_id
        AND k.lookup_key = CASE WHEN p.identifier_case_insensitive THEN :folded ELSE :exact END`;
// Addresses are compared without case, whatever the pool says.
const BY_ADDRESS = `verifiable_addresses k ON k.tenant_id = p.tenant_id AND k.pool_id = p.pool_id
        AND k.lookup_key = :folded AND k.verified`;
