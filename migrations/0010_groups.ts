import type { Knex } from 'knex';

/**
 * Lists of groups by name cost the same on every page of a million: all of a pool, its top level, the children of
 * one group, and those whose name begins or ends with something.
 *
 * Their conditions, which hold for every row, keep them from the checks of foreign keys. Those name a group by its
 * id, and while a table is new to PostgreSQL's statistics any index that begins with the pool looks as good to it
 * as the primary key: a pool's groups would be read through for each one that is added.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX groups_name_unique;
    CREATE UNIQUE INDEX groups_name_unique ON groups (tenant_id, pool_id, coalesce(parent_id, ''), name_lc)
      WHERE name_lc <> '';
    CREATE INDEX groups_by_name ON groups (tenant_id, pool_id, name_lc COLLATE "C", group_id)
      WHERE name_lc <> '';
    CREATE INDEX groups_by_name_end ON groups (tenant_id, pool_id, reverse(name_lc) COLLATE "C")
      WHERE name_lc <> '';
    CREATE INDEX groups_at_top ON groups (tenant_id, pool_id, name_lc COLLATE "C", group_id)
      WHERE parent_id IS NULL;
    -- For the cascade of a deletion as well.
    CREATE INDEX groups_by_parent ON groups (tenant_id, pool_id, parent_id, name_lc COLLATE "C", group_id)
      WHERE parent_id IS NOT NULL;
  `);
}
