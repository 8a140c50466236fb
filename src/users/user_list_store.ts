import type { Knex } from 'knex';
import { keyset, type Page } from '../db/keyset.ts';
import type { PoolScope } from '../pools/pool.ts';
import type { ListedUser } from './user.ts';
import { planFilter, type UserFilter } from './user_filter_store.ts';
import { SELECT_USER } from './user_store.ts';

/** The select list of a `ListedUser`, for the row `u`. */
export const LISTED = `${SELECT_USER},
  coalesce((SELECT json_agg(json_build_object('identifier', i.identifier, 'type', i.type)
      ORDER BY i.created_at, i.identifier_id)
    FROM identifiers i WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id AND i.user_id = u.user_id),
    '[]') AS identifiers,
  coalesce((SELECT json_agg(json_build_object('address', a.address, 'verified', a.verified)
      ORDER BY a.created_at, a.address_id)
    FROM verifiable_addresses a
   WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id AND a.user_id = u.user_id), '[]') AS addresses`;

/** A page of a pool's people, by user id. Costs the same on page 1 and on page 20,000. */
export async function listUsers(
  executor: Knex,
  scope: PoolScope,
  filter: UserFilter,
  page: Page,
): Promise<ListedUser[]> {
  const { candidates, holds } = await planFilter(executor, scope, filter);
  if (candidates?.length === 0) return [];
  const { where, bindings, orderBy, arrange } = keyset(['u.user_id'], page);
  const conditions = [where, ...holds.map(({ text }) => text)];
  if (candidates !== undefined) conditions.push('u.user_id = ANY(?)');
  const { rows } = await executor.raw<{ rows: ListedUser[] }>(
    `SELECT ${LISTED} FROM users u WHERE u.tenant_id = ? AND u.pool_id = ? AND ${conditions.join(' AND ')}
      ORDER BY ${orderBy} LIMIT ?`,
    [
      scope.tenantId,
      scope.poolId,
      ...bindings,
      ...holds.flatMap((condition) => condition.bindings),
      ...(candidates === undefined ? [] : [candidates as string[]]),
      page.limit,
    ],
  );
  return arrange(rows);
}
