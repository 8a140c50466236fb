import type { Knex } from 'knex';
import type { PoolScope } from '../pools/pool.ts';
import type { StagedPerson } from './import.ts';
import { seek } from './seek.ts';
import { placesOf, type Name } from './verdict.ts';

/** What a person claims in a pool for themselves alone. */
export type Claiming = Pick<StagedPerson, 'identifiers' | 'addresses'> & {
  readonly passkeys?: StagedPerson['passkeys'] | null;
};

export type Claim = Pick<Name, 'pointer' | 'kind' | 'key' | 'foldedKey'>;

/** The names that a person claims in a pool with this case rule, and the keys. */
export function claimsOf({ identifiers, addresses, passkeys }: Claiming, caseInsensitive: boolean): Claim[] {
  return [
    ...identifiers.map(({ exactKey, foldedKey }, index) => ({
      pointer: `/identifiers/${index}/identifier`,
      kind: 'identifier' as const,
      key: caseInsensitive ? foldedKey : exactKey,
      foldedKey,
    })),
    ...addresses.flatMap(({ key, verified }, index) =>
      verified
        ? [
            {
              pointer: `/verifiable_addresses/${index}/address`,
              kind: 'verified_address' as const,
              key,
              foldedKey: key,
            },
          ]
        : [],
    ),
    ...(passkeys ?? []).map(({ id }) => ({
      pointer: '/credentials',
      kind: 'passkey' as const,
      key: id,
      foldedKey: id,
    })),
  ];
}

type Owners = {
  /** Who has the name as the same kind, and who as the other. */
  of(claim: Claim): [owner: string | null, crossOwner: string | null];
  everybody(): string[];
};

/** One look-up by index for each key: as a list, a thousand of them make the planner read the whole pool instead. */
const ownersBy = (kind: string, table: string, found: string, keys: string): string =>
  `SELECT '${kind}' AS kind, k.key, found.user_id AS "userId" FROM unnest(${keys}::text[]) AS k(key), LATERAL (
     SELECT n.user_id FROM ${table} n WHERE n.tenant_id = :tenantId AND n.pool_id = :poolId AND ${found}) found`;

const IN_POOL = ['n.tenant_id', 'n.pool_id'];
const OWNERS = [
  ownersBy(
    'identifier',
    'identifiers',
    seek('n.lookup_key', 'k.key', { within: IN_POOL, by: 'plain' }),
    ':identifiers',
  ),
  ownersBy(
    'folded',
    'identifiers',
    seek('n.identifier_lc', 'k.key', { within: IN_POOL, by: 'bytes' }),
    ':verified',
  ),
  ownersBy(
    'verified',
    'verifiable_addresses',
    seek('n.lookup_key', 'k.key', { within: IN_POOL, by: 'bytes' }, 'n.verified'),
    ':folded',
  ),
  ownersBy(
    'passkey',
    'passkeys',
    seek('n.passkey_id', 'k.key', { within: IN_POOL, by: 'plain' }),
    ':passkeys',
  ),
]
  .map((sql) => `(${sql})`)
  .join(' UNION ALL ');

/** Who in the pool has what is claimed. */
export async function readOwners(
  tx: Knex.Transaction,
  { tenantId, poolId }: PoolScope,
  claims: readonly Claim[],
): Promise<Owners> {
  const keysOf = (kind: Claim['kind']) =>
    claims.filter((claim) => claim.kind === kind).map(({ key }) => key) as unknown as string;
  const { rows } = await tx.raw<{ rows: { kind: string; key: string; userId: string }[] }>(OWNERS, {
    tenantId,
    poolId,
    identifiers: keysOf('identifier'),
    verified: keysOf('verified_address'),
    folded: claims.map(({ foldedKey }) => foldedKey) as unknown as string,
    passkeys: keysOf('passkey'),
  });
  const known = new Map(rows.map(({ kind, key, userId }) => [`${kind} ${key}`, userId]));
  return {
    of(claim) {
      const [own, cross] = placesOf(claim);
      return [known.get(own) ?? null, known.get(cross) ?? null];
    },
    everybody: () => [...new Set(known.values())],
  };
}
