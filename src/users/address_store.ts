import type { Knex } from 'knex';
import type { KeyedAddress, UserScope, VerifiableAddress } from './user.ts';
import { ADDRESS_DOCUMENT } from './user_store.ts';

/** How many addresses a person has, the one by this key, and whether the name is somebody else's identifier. */
export type AddressFacts = {
  readonly count: number;
  readonly current: VerifiableAddress | null;
  readonly identifiesAnother: boolean;
};

export async function readAddressFacts(
  tx: Knex.Transaction,
  scope: UserScope,
  key: string,
): Promise<AddressFacts> {
  const { rows } = await tx.raw<{ rows: AddressFacts[] }>(
    `SELECT (SELECT count(*)::int FROM verifiable_addresses a
              WHERE a.tenant_id = :tenantId AND a.pool_id = :poolId AND a.user_id = :userId) AS count,
            (SELECT ${ADDRESS_DOCUMENT} FROM verifiable_addresses a WHERE a.tenant_id = :tenantId
                AND a.pool_id = :poolId AND a.user_id = :userId AND a.lookup_key = :key) AS current,
            EXISTS (SELECT FROM identifiers i WHERE i.tenant_id = :tenantId AND i.pool_id = :poolId
                       AND i.identifier_lc = :key AND i.user_id <> :userId) AS "identifiesAnother"`,
    { ...scope, key },
  );
  return rows[0] ?? { count: 0, current: null, identifiesAnother: false };
}

/** Throws the unique violations of `verifiable_addresses_of_user` and `verifiable_addresses_verified`. */
export async function insertAddress(
  tx: Knex.Transaction,
  scope: UserScope,
  address: KeyedAddress & { readonly id: string },
): Promise<VerifiableAddress | undefined> {
  const { rows } = await tx.raw<{ rows: { made: VerifiableAddress }[] }>(
    `INSERT INTO verifiable_addresses AS a (tenant_id, pool_id, user_id, address_id, type, address, address_lc,
            lookup_key, verified, verified_at, status, preferred_contact_method, metadata)
     VALUES (:tenantId, :poolId, :userId, :id, :type, :address, :key, :key, :verified,
             CASE WHEN :verified THEN now() END, :status, :method, :metadata)
     RETURNING ${ADDRESS_DOCUMENT} AS made`,
    {
      ...scope,
      id: address.id,
      type: address.type,
      address: address.address,
      key: address.lookupKey,
      verified: address.verified,
      status: address.status ?? 'active',
      method: (address.preferredContactMethod ?? null) as string,
      metadata: JSON.stringify(address.metadata ?? {}),
    },
  );
  return rows[0]?.made;
}

export type AddressState = Pick<
  VerifiableAddress,
  'verified' | 'status' | 'preferredContactMethod' | 'metadata'
>;

/**
 * Writes the state of one address; the time of verification stays while it stays verified. Throws the unique
 * violation of `verifiable_addresses_verified`.
 */
export async function updateAddress(
  tx: Knex.Transaction,
  scope: UserScope,
  key: string,
  state: AddressState,
): Promise<VerifiableAddress | undefined> {
  const { rows } = await tx.raw<{ rows: { made: VerifiableAddress }[] }>(
    `UPDATE verifiable_addresses a
        SET verified = :verified, verified_at = CASE WHEN :verified THEN coalesce(a.verified_at, now()) END,
            status = :status, preferred_contact_method = :method, metadata = :metadata, updated_at = now()
      WHERE a.tenant_id = :tenantId AND a.pool_id = :poolId AND a.user_id = :userId AND a.lookup_key = :key
  RETURNING ${ADDRESS_DOCUMENT} AS made`,
    {
      ...scope,
      key,
      verified: state.verified,
      status: state.status,
      method: state.preferredContactMethod as string,
      metadata: JSON.stringify(state.metadata),
    },
  );
  return rows[0]?.made;
}

/** Gives the type of the address that went, or undefined when the person has none by this key. */
export async function deleteAddress(
  tx: Knex.Transaction,
  scope: UserScope,
  key: string,
): Promise<VerifiableAddress['type'] | undefined> {
  const rows: { type: VerifiableAddress['type'] }[] = await tx('verifiable_addresses')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId, lookup_key: key })
    .del('type');
  return rows[0]?.type;
}
