import type { Knex } from 'knex';
import type { Identifier, KeyedIdentifier, UserScope } from './user.ts';
import { IDENTIFIER_DOCUMENT } from './user_store.ts';

/** How many identifiers a person has, and whether a name is somebody else's verified address. */
export async function readIdentifierFacts(
  tx: Knex.Transaction,
  scope: UserScope,
  name: string,
): Promise<{ count: number; verifiedByAnother: boolean }> {
  const { rows } = await tx.raw<{ rows: { count: number; verifiedByAnother: boolean }[] }>(
    `SELECT (SELECT count(*)::int FROM identifiers i
              WHERE i.tenant_id = :tenantId AND i.pool_id = :poolId AND i.user_id = :userId) AS count,
            EXISTS (SELECT FROM verifiable_addresses a WHERE a.tenant_id = :tenantId AND a.pool_id = :poolId
                       AND a.verified AND a.lookup_key = :name AND a.user_id <> :userId) AS "verifiedByAnother"`,
    { ...scope, name },
  );
  return rows[0] ?? { count: 0, verifiedByAnother: false };
}

/** Throws the unique violation of `identifiers_unique`. */
export async function insertIdentifier(
  tx: Knex.Transaction,
  scope: UserScope,
  identifier: KeyedIdentifier & { readonly id: string },
): Promise<Identifier | undefined> {
  const { rows } = await tx.raw<{ rows: { made: Identifier }[] }>(
    `INSERT INTO identifiers AS i (tenant_id, pool_id, user_id, identifier_id, type, identifier, identifier_lc,
                                   lookup_key, metadata)
     VALUES (:tenantId, :poolId, :userId, :id, :type, :identifier, :identifierLc, :lookupKey, :metadata)
     RETURNING ${IDENTIFIER_DOCUMENT} AS made`,
    {
      ...scope,
      id: identifier.id,
      type: identifier.type,
      identifier: identifier.identifier,
      identifierLc: identifier.identifierLc,
      lookupKey: identifier.lookupKey,
      metadata: JSON.stringify(identifier.metadata ?? {}),
    },
  );
  return rows[0]?.made;
}

/** Removes the identifier that is looked up by this key; gives its type, or undefined when the person has none such. */
export async function deleteIdentifier(
  tx: Knex.Transaction,
  scope: UserScope,
  lookupKey: string,
): Promise<Identifier['type'] | undefined> {
  const rows: { type: Identifier['type'] }[] = await tx('identifiers')
    .where({ tenant_id: scope.tenantId, pool_id: scope.poolId, user_id: scope.userId, lookup_key: lookupKey })
    .del('type');
  return rows[0]?.type;
}
