import type { Knex } from 'knex';
import type { PoolScope } from '../pools/pool.ts';

/** A place in the tree: a name below a group, or at the top where `parentId` is empty. */
export type Place = { readonly parentId: string; readonly nameKey: string };

/** The groups at these places, held against deletion until the transaction ends. */
export async function groupsAt(
  tx: Knex.Transaction,
  { tenantId, poolId }: PoolScope,
  places: readonly Place[],
): Promise<(Place & { readonly id: string })[]> {
  const { rows } = await tx.raw<{ rows: (Place & { id: string })[] }>(
    // One look-up by index for each place, however many groups the pool has.
    `SELECT found.group_id AS id, p.parent_id AS "parentId", p.name_lc AS "nameKey"
       FROM unnest(:parents::text[], :names::text[]) AS p(parent_id, name_lc), LATERAL (
         SELECT g.group_id FROM groups g
          WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId AND coalesce(g.parent_id, '') = p.parent_id
            AND g.name_lc = p.name_lc AND g.name_lc <> '' LIMIT 1 FOR KEY SHARE) found`,
    {
      tenantId,
      poolId,
      parents: places.map(({ parentId }) => parentId) as unknown as string,
      names: places.map(({ nameKey }) => nameKey) as unknown as string,
    },
  );
  return rows;
}

export type NewGroup = Place & { readonly id: string; readonly name: string };

/** Adds groups; gives the ids of those that were not there. */
export async function addGroups(
  tx: Knex.Transaction,
  { tenantId, poolId }: PoolScope,
  groups: readonly NewGroup[],
): Promise<Set<string>> {
  const { rows } = await tx.raw<{ rows: { id: string }[] }>(
    `INSERT INTO groups (tenant_id, pool_id, group_id, parent_id, name, name_lc)
     SELECT :tenantId, :poolId, n.id, nullif(n.parent_id, ''), n.name, n.name_lc
       FROM unnest(:ids::text[], :parents::text[], :names::text[], :keys::text[]) AS n(id, parent_id, name, name_lc)
     ON CONFLICT DO NOTHING RETURNING group_id AS id`,
    {
      tenantId,
      poolId,
      ids: groups.map(({ id }) => id) as unknown as string,
      parents: groups.map(({ parentId }) => parentId) as unknown as string,
      names: groups.map(({ name }) => name) as unknown as string,
      keys: groups.map(({ nameKey }) => nameKey) as unknown as string,
    },
  );
  return new Set(rows.map(({ id }) => id));
}

/** Puts people of the pool into groups of the pool; whoever is in one stays. */
export async function addMembers(
  tx: Knex.Transaction,
  { tenantId, poolId }: PoolScope,
  members: readonly { readonly userId: string; readonly groupId: string }[],
): Promise<void> {
  await tx.raw(
    `INSERT INTO group_members (tenant_id, pool_id, group_id, user_id)
     SELECT :tenantId, :poolId, m.group_id, m.user_id
       FROM unnest(:groups::text[], :users::text[]) AS m(group_id, user_id)
     ON CONFLICT DO NOTHING`,
    {
      tenantId,
      poolId,
      groups: members.map(({ groupId }) => groupId) as unknown as string,
      users: members.map(({ userId }) => userId) as unknown as string,
    },
  );
}
