import type { Knex } from 'knex';
import type { Dependent } from '../dependents.ts';
import type { SchemaScope } from './schema.ts';

/** What stands in the way of a schema's deletion. An import may bring people of any schema until it ends. */
export type Follower = Dependent & { readonly kind: 'pool' | 'user' | 'import' };

const FOLLOWED_BY = (alias: string): string =>
  `(${['payload', 'metadata', 'business_metadata'].map((kind) => `${alias}.${kind}_schema_id = :schemaId`).join(' OR ')})`;

const LIVING_POOL = (alias: string): string =>
  `pools p ON p.tenant_id = ${alias}.tenant_id AND p.pool_id = ${alias}.pool_id AND p.deleted_at IS NULL`;

/** Some of those who follow a schema, or are about to; `limit` of each kind at most. */
export async function followersOf(
  tx: Knex.Transaction,
  scope: SchemaScope,
  limit: number,
): Promise<Follower[]> {
  const { rows } = await tx.raw<{ rows: Follower[] }>(
    `(SELECT 'pool' AS kind, p.pool_id AS id, p.name, p.pool_id AS "poolId" FROM pools p
       WHERE p.tenant_id = :tenantId AND p.deleted_at IS NULL AND ${FOLLOWED_BY('p')} LIMIT :limit)
     UNION ALL
     (SELECT 'user', u.user_id, NULL, p.pool_id FROM users u JOIN ${LIVING_POOL('u')}
       WHERE u.tenant_id = :tenantId AND ${FOLLOWED_BY('u')} LIMIT :limit)
     UNION ALL
     (SELECT 'import', i.import_id, NULL, p.pool_id FROM imports i JOIN ${LIVING_POOL('i')}
       WHERE i.tenant_id = :tenantId AND i.status IN ('receiving', 'running') AND NOT i.dry_run LIMIT :limit)`,
    { ...scope, limit },
  );
  return rows;
}
