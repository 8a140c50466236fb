import type { Knex } from 'knex';
import { literalForLike } from '../db/keyset.ts';
import type { PoolScope } from '../pools/pool.ts';

/** Conditions that a listed user meets all of (contract section 0). */
export type UserFilter = {
  /** An identifier or verified address that starts or ends with it, in any case; or the exact user id. */
  readonly userKey?: string | undefined;
  /** Scalars match exactly, arrays by what they contain. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
};

/** SQL with its `?` bindings. */
type Sql = { readonly text: string; readonly bindings: readonly string[] };
type Condition = {
  /** Ids of users that meet it, by indexes; all of them, unless they are more than `MOST_CANDIDATES`. */
  readonly ids: Sql;
  /** Whether the user `u` of a list meets it. */
  readonly holds: Sql;
};

// So few are sorted in no time. So many are met soon enough by going through the people in order.
const MOST_CANDIDATES = 5000;

/**
 * What a filter comes to. A condition that few people meet is looked up (`candidates`); one that many meet is
 * checked along the list, where it keeps none of the pages waiting. One statement, none without conditions.
 */
export async function planFilter(
  executor: Knex,
  scope: PoolScope,
  filter: UserFilter,
): Promise<{ readonly candidates: readonly string[] | undefined; readonly holds: readonly Sql[] }> {
  const conditions = conditionsOf(scope, filter);
  if (conditions.length === 0) return { candidates: undefined, holds: [] };
  const names = conditions.map((_, index) => `hits_${index}`);
  const ctes = conditions.map(({ ids }, index) => `${names[index]} AS MATERIALIZED (${ids.text})`);
  const columns = names.map(
    (name) => `CASE WHEN (SELECT count(*) FROM ${name}) <= ${MOST_CANDIDATES}
                    THEN ARRAY(SELECT DISTINCT user_id FROM ${name}) END AS ${name}`,
  );
  const { rows } = await executor.raw<{ rows: Record<string, string[] | null>[] }>(
    `WITH ${ctes.join(', ')} SELECT ${columns.join(', ')}`,
    conditions.flatMap(({ ids }) => ids.bindings),
  );
  const found = names.map((name) => rows[0]?.[name] ?? undefined);
  const fewest = found
    .map((ids, index) => ({ index, count: ids?.length ?? Infinity }))
    .reduce((best, next) => (next.count < best.count ? next : best));
  const candidates = found[fewest.index];
  // What the candidates were found by need not be asked of each of them again.
  const asked = conditions.filter((_, index) => candidates === undefined || index !== fewest.index);
  return { candidates, holds: asked.map(({ holds }) => holds) };
}

function conditionsOf(scope: PoolScope, { userKey, payload, metadata }: UserFilter): Condition[] {
  const conditions: Condition[] = [];
  if (userKey !== undefined) conditions.push(keyCondition(scope, userKey));
  if (isAsking(payload)) conditions.push(documentCondition(scope, 'payload', payload));
  if (isAsking(metadata)) conditions.push(documentCondition(scope, 'metadata', metadata));
  return conditions;
}

const isAsking = <T extends object>(document: T | undefined): document is T =>
  document !== undefined && Object.keys(document).length > 0;

const inPool = 'tenant_id = ? AND pool_id = ?';

/** In the order of the index, so that reading stops at the limit whatever else the table holds. */
const byName = (table: string, only: string, name: string): string =>
  `(SELECT user_id FROM ${table} WHERE ${inPool} AND ${only} AND ${name} LIKE ?
     ORDER BY ${name} USING ~<~ LIMIT ${MOST_CANDIDATES + 1})`;

function keyCondition({ tenantId, poolId }: PoolScope, userKey: string): Condition {
  const folded = userKey.normalize('NFC').toLowerCase();
  const begins = `${literalForLike(folded)}%`;
  const ends = `${literalForLike(Array.from(folded).toReversed().join(''))}%`;
  return {
    ids: {
      text: `SELECT user_id FROM users WHERE ${inPool} AND user_id = ?
        UNION ALL ${byName('identifiers', 'true', 'identifier_lc')}
        UNION ALL ${byName('identifiers', 'true', 'reverse(identifier_lc)')}
        UNION ALL ${byName('verifiable_addresses', 'verified', 'lookup_key')}
        UNION ALL ${byName('verifiable_addresses', 'verified', 'reverse(address_lc)')}`,
      bindings: [userKey, begins, ends, begins, ends].flatMap((value) => [tenantId, poolId, value]),
    },
    holds: {
      // Aggregates, because these are never turned into a join with everybody.
      text: `(u.user_id = ?
        OR coalesce((SELECT bool_or(i.identifier_lc LIKE ? OR reverse(i.identifier_lc) LIKE ?) FROM identifiers i
              WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id AND i.user_id = u.user_id), false)
        OR coalesce((SELECT bool_or(a.address_lc LIKE ? OR reverse(a.address_lc) LIKE ?)
               FROM verifiable_addresses a WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id
                AND a.user_id = u.user_id AND a.verified), false))`,
      bindings: [userKey, begins, ends, begins, ends],
    },
  };
}

function documentCondition(
  { tenantId, poolId }: PoolScope,
  column: 'payload' | 'metadata',
  document: Readonly<Record<string, unknown>>,
): Condition {
  const text = JSON.stringify(document);
  return {
    ids: {
      // The expression of the indexes users_by_payload and users_by_metadata.
      text: `SELECT user_id FROM users WHERE ${inPool} AND ${column} <> '{}'
          AND jsonb_set('{}', ARRAY[tenant_id || '/' || pool_id], ${column}) @> CAST(? AS jsonb)
        ORDER BY user_id LIMIT ${MOST_CANDIDATES + 1}`,
      bindings: [tenantId, poolId, JSON.stringify({ [`${tenantId}/${poolId}`]: document })],
    },
    holds: { text: `u.${column} @> CAST(? AS jsonb)`, bindings: [text] },
  };
}
