import type { Knex } from 'knex';
import { keyset, literalForLike, type Page } from '../db/keyset.ts';
import type { PoolScope } from '../pools/pool.ts';
import type { ListedUser } from './user.ts';
import { SELECT_USER } from './user_store.ts';

/** Conditions that a listed user meets all of (contract section 0). */
export type UserFilter = {
  /** An identifier or verified address that starts or ends with it, in any case; or the exact user id. */
  readonly userKey?: string | undefined;
  /** Scalars match exactly, arrays by what they contain. */
  readonly payload?: Readonly<Record<string, unknown>> | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
};

const LISTED = `${SELECT_USER},
  coalesce((SELECT json_agg(json_build_object('identifier', i.identifier, 'type', i.type)
      ORDER BY i.created_at, i.identifier_id)
    FROM identifiers i WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id AND i.user_id = u.user_id),
    '[]') AS identifiers,
  coalesce((SELECT json_agg(json_build_object('address', a.address, 'verified', a.verified)
      ORDER BY a.created_at, a.address_id)
    FROM verifiable_addresses a
   WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id AND a.user_id = u.user_id), '[]') AS addresses`;

/** A page of a pool's people, by user id. */
export async function listUsers(
  executor: Knex,
  scope: PoolScope,
  filter: UserFilter,
  page: Page,
): Promise<ListedUser[]> {
  const { where, bindings, orderBy, arrange } = keyset(['u.user_id'], page);
  const conditions = [where];
  const values: string[] = [scope.tenantId, scope.poolId, ...bindings];
  if (filter.userKey !== undefined) {
    const literal = literalForLike(filter.userKey.toLowerCase());
    conditions.push(`(u.user_id = ?
      OR EXISTS (SELECT FROM identifiers i WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id
                    AND i.user_id = u.user_id AND (i.identifier_lc LIKE ? OR i.identifier_lc LIKE ?))
      OR EXISTS (SELECT FROM verifiable_addresses a WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id
                    AND a.user_id = u.user_id AND a.verified AND (a.address_lc LIKE ? OR a.address_lc LIKE ?)))`);
    values.push(filter.userKey, `${literal}%`, `%${literal}`, `${literal}%`, `%${literal}`);
  }
  for (const [column, document] of [
    ['u.payload', filter.payload],
    ['u.metadata', filter.metadata],
  ] as const) {
    if (document === undefined) continue;
    conditions.push(`${column} @> CAST(? AS jsonb)`);
    values.push(JSON.stringify(document));
  }
  const { rows } = await executor.raw<{ rows: ListedUser[] }>(
    `SELECT ${LISTED} FROM users u WHERE u.tenant_id = ? AND u.pool_id = ? AND ${conditions.join(' AND ')}
      ORDER BY ${orderBy} LIMIT ?`,
    [...values, page.limit],
  );
  return arrange(rows);
}
