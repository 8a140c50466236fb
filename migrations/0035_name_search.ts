import type { Knex } from 'knex';

/**
 * Search by a part of a name among ten thousand workspaces, clients or pools: an index of what three letters each
 * name holds, with its tenant in front, because GIN has no leading column without an extension.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION name_fragments(tenant_id text, name text) RETURNS text[]
      LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT coalesce(array_agg(DISTINCT tenant_id || '/' || substr(lower(name), n, 3)), '{}')
          FROM generate_series(1, length(lower(name)) - 2) AS n
      $$;
    CREATE INDEX workspaces_by_name_part ON workspaces USING gin (name_fragments(tenant_id, name));
    CREATE INDEX pools_by_name_part ON pools USING gin (name_fragments(tenant_id, name_lc));
    CREATE INDEX clients_by_name_part ON clients USING gin (name_fragments(tenant_id, client_name));
  `);
}
