import type { Knex } from 'knex';
import type { PoolScope } from '../pools/pool.ts';
import type { GroupPath, ImportScope, StagedPerson } from './import.ts';
import { seek } from './seek.ts';
import type { Candidate, Name } from './verdict.ts';

/** A row that waits, with the groups that its person is to be in. */
export type WaitingRow = {
  readonly line: number;
  readonly userId: string;
  readonly groups: readonly GroupPath[];
};

type Row = WaitingRow & Pick<StagedPerson, 'idGiven' | 'identifiers' | 'addresses'>;

/** A waiting row with what else its batch has to know of it. */
export type StagedCandidate = Candidate & Pick<WaitingRow, 'groups'>;

type Place = { readonly afterLine: number; readonly limit: number };

/**
 * The rows after a line, in the order of the file, with what stands against each of them. Few plain statements
 * by key for the whole batch: their plans stay the same however fast the tables grow beneath them.
 */
export async function readCandidates(
  tx: Knex.Transaction,
  scope: ImportScope,
  options: Place & { readonly caseInsensitive: boolean; readonly dryRun: boolean },
): Promise<StagedCandidate[]> {
  const rows = await readRows(tx, scope, options);
  if (rows.length === 0) return [];
  const claims = rows.map((row) => claimsOf(row, options.caseInsensitive));
  const ids = await readIds(
    tx,
    scope,
    rows.map(({ userId }) => userId),
  );
  const owners = await readOwners(tx, scope, claims.flat());
  // Whoever an earlier batch wrote is found by name or id; a dry run wrote nobody.
  const known = options.dryRun ? rows.map(({ userId }) => userId) : [...ids.keys(), ...owners.everybody()];
  const lines = await readLinesOfUsers(tx, scope, known, options.afterLine);
  const remembered = options.dryRun ? await readRemembered(tx, scope, claims.flat()) : undefined;
  return rows.map((row, index) => {
    const poolId = ids.get(row.userId);
    return {
      line: row.line,
      userId: row.userId,
      idGiven: row.idGiven,
      groups: row.groups,
      isHere: poolId === scope.poolId,
      isTaken: poolId !== undefined,
      earlierLine: lines.get(row.userId) ?? null,
      names: (claims[index] ?? []).map((claim) => {
        const [owner, crossOwner] = owners.of(claim);
        const holder = owner ?? crossOwner ?? '';
        const earlierLine = remembered?.(claim) ?? lines.get(holder) ?? null;
        return { ...claim, owner, crossOwner, earlierLine };
      }),
    };
  });
}

/** The rows after a line, in the order of the file. */
export const readWaiting = (tx: Knex.Transaction, scope: ImportScope, place: Place): Promise<WaitingRow[]> =>
  selectRows<WaitingRow>(tx, scope, place, '');

const readRows = (tx: Knex.Transaction, scope: ImportScope, place: Place): Promise<Row[]> =>
  selectRows<Row>(
    tx,
    scope,
    place,
    `, (document->>'idGiven')::boolean AS "idGiven", document->'identifiers' AS identifiers,
       document->'addresses' AS addresses`,
  );

async function selectRows<R extends WaitingRow>(
  tx: Knex.Transaction,
  { tenantId, importId }: ImportScope,
  { afterLine, limit }: Place,
  more: string,
): Promise<R[]> {
  const { rows } = await tx.raw<{ rows: R[] }>(
    `SELECT line, user_id AS "userId", coalesce(document->'groups', '[]') AS groups${more}
       FROM import_rows WHERE tenant_id = ? AND import_id = ? AND line > ? ORDER BY line LIMIT ?`,
    [tenantId, importId, afterLine, limit],
  );
  return rows;
}

export type Claim = Pick<Name, 'pointer' | 'kind' | 'key' | 'foldedKey'>;

/** The names that a person claims in a pool with this case rule. */
export function claimsOf(
  { identifiers, addresses }: Pick<StagedPerson, 'identifiers' | 'addresses'>,
  caseInsensitive: boolean,
): Claim[] {
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
  ];
}

/** The pool of each id that was ever given; an empty text for somebody removed, and for a client. */
export async function readIds(
  tx: Knex.Transaction,
  { tenantId }: { readonly tenantId: string },
  ids: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await tx.raw<{ rows: { id: string; poolId: string }[] }>(
    `SELECT k.id, found."poolId" FROM unnest(:ids::text[]) AS k(id), LATERAL (
       SELECT coalesce((SELECT u.pool_id FROM users u WHERE u.tenant_id = :tenantId
              AND ${seek('u.user_id', 'k.id', { within: ['u.tenant_id'], by: 'plain' })}), '') AS "poolId" FROM user_ids i WHERE i.tenant_id = :tenantId AND i.user_id = k.id LIMIT 1) found
     UNION ALL
     SELECT client_id, '' FROM clients WHERE tenant_id = :tenantId AND client_id = ANY(:ids)`,
    { tenantId, ids: ids as unknown as string },
  );
  return new Map(rows.map(({ id, poolId }) => [id, poolId]));
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
]
  .map((sql) => `(${sql})`)
  .join(' UNION ALL ');

export async function readOwners(
  tx: Knex.Transaction,
  { tenantId, poolId }: PoolScope,
  claims: readonly Claim[],
): Promise<Owners> {
  const keysOf = (wanted: readonly Claim[], of: 'key' | 'foldedKey') => wanted.map((claim) => claim[of]);
  const { rows } = await tx.raw<{ rows: { kind: string; key: string; userId: string }[] }>(OWNERS, {
    tenantId,
    poolId,
    identifiers: keysOf(
      claims.filter(({ kind }) => kind === 'identifier'),
      'key',
    ) as unknown as string,
    verified: keysOf(
      claims.filter(({ kind }) => kind === 'verified_address'),
      'key',
    ) as unknown as string,
    folded: keysOf(claims, 'foldedKey') as unknown as string,
  });
  const known = new Map(rows.map(({ kind, key, userId }) => [`${kind} ${key}`, userId]));
  const get = (kind: string, key: string) => known.get(`${kind} ${key}`) ?? null;
  return {
    of: ({ kind, key, foldedKey }) =>
      kind === 'identifier'
        ? [get('identifier', key), get('verified', foldedKey)]
        : [get('verified', key), get('folded', key)],
    everybody: () => [...new Set(known.values())],
  };
}

/** The first line of each of these people in batches before this one. */
async function readLinesOfUsers(
  tx: Knex.Transaction,
  { tenantId, importId }: ImportScope,
  userIds: readonly string[],
  afterLine: number,
): Promise<Map<string, number>> {
  if (userIds.length === 0 || afterLine === 0) return new Map();
  // The order asked for leaves only the index by person: there are no statistics yet of rows just copied.
  const { rows } = await tx.raw<{ rows: { userId: string; line: number }[] }>(
    `SELECT k.user_id AS "userId", e.line FROM unnest(:userIds::text[]) AS k(user_id), LATERAL (
       SELECT r.line FROM import_rows r WHERE r.tenant_id = :tenantId AND r.import_id = :importId
          AND r.user_id = k.user_id ORDER BY r.tenant_id, r.import_id, r.user_id, r.line LIMIT 1) e
      WHERE e.line <= :afterLine`,
    { tenantId, importId, afterLine, userIds: userIds as unknown as string },
  );
  return new Map(rows.map(({ userId, line }) => [userId, line]));
}

/** The lines before this batch that claim a name, in a check that writes nobody. */
async function readRemembered(
  tx: Knex.Transaction,
  { tenantId, importId }: ImportScope,
  claims: readonly Claim[],
): Promise<(claim: Claim) => number | null> {
  const keys = [...new Set(claims.flatMap(({ key, foldedKey }) => [key, foldedKey]))];
  const { rows } = await tx.raw<{ rows: { kind: string; key: string; line: number }[] }>(
    `SELECT n.kind, n.key, n.line
       FROM unnest(ARRAY['identifier', 'folded', 'verified']) AS d(kind), unnest(:keys::text[]) AS k(key),
            LATERAL (SELECT * FROM import_names WHERE tenant_id = :tenantId AND import_id = :importId
                        AND kind = d.kind AND key = k.key ORDER BY tenant_id, import_id, kind, key LIMIT 1) n`,
    { tenantId, importId, keys: keys as unknown as string },
  );
  const known = new Map(rows.map(({ kind, key, line }) => [`${kind} ${key}`, line]));
  return ({ kind, key, foldedKey }) =>
    (kind === 'identifier'
      ? (known.get(`identifier ${key}`) ?? known.get(`verified ${foldedKey}`))
      : (known.get(`verified ${key}`) ?? known.get(`folded ${key}`))) ?? null;
}
