import type { Knex } from 'knex';
import type { PoolScope } from '../pools/pool.ts';
import { idPrefix, INSERT_PARTS, insertPeople } from './batch_store.ts';
import type { DumpPerson } from './configuration_people.ts';

type LockedPerson = {
  readonly id: string;
  readonly status: string;
  readonly rowVersion: number;
  readonly hasRoles: boolean;
};

/** Who of these is in the pool, held until the transaction ends, and which of them hold roles. */
export async function lockPeople(
  tx: Knex.Transaction,
  scope: PoolScope,
  userIds: readonly string[],
): Promise<LockedPerson[]> {
  const { rows } = await tx.raw<{ rows: LockedPerson[] }>(
    `SELECT u.user_id AS id, u.status, u.row_version AS "rowVersion", EXISTS (SELECT FROM role_grants g WHERE g.tenant_id = u.tenant_id
            AND g.subject_type = 'identity_pool_user' AND g.subject_id = u.user_id) AS "hasRoles"
       FROM users u WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = ANY(:userIds)
      ORDER BY u.user_id FOR UPDATE OF u`,
    { tenantId: scope.tenantId, poolId: scope.poolId, userIds: userIds as unknown as string },
  );
  return rows;
}

const SOURCE = `SELECT b."userId" AS user_id, b.person AS d
  FROM jsonb_to_recordset(:people) AS b("userId" text, person jsonb)`;

const bind = (scope: PoolScope, people: readonly DumpPerson[], caseInsensitive: boolean) => ({
  tenantId: scope.tenantId,
  poolId: scope.poolId,
  caseInsensitive,
  idPrefix: idPrefix(),
  people: JSON.stringify(people.map(({ userId, person }) => ({ userId, person }))),
});

/** Writes people who are new. Throws unique violations. */
export async function insertDumped(
  tx: Knex.Transaction,
  scope: PoolScope,
  people: readonly DumpPerson[],
  { caseInsensitive, shard }: { caseInsensitive: boolean; shard: number },
): Promise<void> {
  if (people.length === 0) return;
  await tx.raw(insertPeople(SOURCE), { ...bind(scope, people, caseInsensitive), shard });
}

/**
 * Removes what belongs to people and is to be written anew, so that names may change hands within a dump. Gives
 * who loses a way to prove who they are, a replaced password included.
 */
export async function removeParts(
  tx: Knex.Transaction,
  scope: PoolScope,
  people: readonly DumpPerson[],
): Promise<Set<string>> {
  if (people.length === 0) return new Set();
  const wanted = people.flatMap(({ userId, person, kept }) => [
    ...kept.map((type) => ({ userId, type, secret: null })),
    ...person.credentials.map(({ type, secret }) => ({ userId, type, secret })),
  ]);
  const bindings = {
    tenantId: scope.tenantId,
    poolId: scope.poolId,
    userIds: people.map(({ userId }) => userId) as unknown as string,
    wanted: JSON.stringify(wanted),
  };
  const { rows } = await tx.raw<{ rows: { id: string }[] }>(
    `WITH wanted AS (
       SELECT * FROM jsonb_to_recordset(:wanted) AS w("userId" text, type text, secret text)),
     names AS (DELETE FROM identifiers WHERE tenant_id = :tenantId AND pool_id = :poolId
                  AND user_id = ANY(:userIds)),
     addresses AS (DELETE FROM verifiable_addresses WHERE tenant_id = :tenantId AND pool_id = :poolId
                      AND user_id = ANY(:userIds)),
     gone AS (
       DELETE FROM credentials c WHERE c.tenant_id = :tenantId AND c.pool_id = :poolId
          AND c.user_id = ANY(:userIds)
          AND NOT EXISTS (SELECT FROM wanted w WHERE w."userId" = c.user_id AND w.type = c.type
                             AND w.secret IS NULL)
       RETURNING c.user_id, c.type, c.secret),
     keys AS (
       DELETE FROM passkeys k USING gone g
        WHERE g.type = 'webauthn' AND k.tenant_id = :tenantId AND k.pool_id = :poolId AND k.user_id = g.user_id)
     SELECT g.user_id AS id FROM gone g
      WHERE NOT EXISTS (SELECT FROM wanted w WHERE w."userId" = g.user_id AND w.type = g.type
                           AND (w.type <> 'password' OR w.secret = g.secret))`,
    bindings,
  );
  return new Set(rows.map(({ id }) => id));
}

/** Replaces people who are there, with everything that was removed before. Throws unique violations. */
export async function replaceDumped(
  tx: Knex.Transaction,
  scope: PoolScope,
  people: readonly DumpPerson[],
  { caseInsensitive }: { caseInsensitive: boolean },
): Promise<void> {
  if (people.length === 0) return;
  await tx.raw(
    `WITH batch AS MATERIALIZED (${SOURCE}),
     ${INSERT_PARTS}
     UPDATE users u SET status = d->>'status', payload = d->'payload', metadata = d->'metadata',
            business_metadata = d->'businessMetadata', payload_schema_id = d->>'payloadSchemaId',
            metadata_schema_id = d->>'metadataSchemaId',
            business_metadata_schema_id = d->>'businessMetadataSchemaId',
            status_updated_at = CASE WHEN u.status = d->>'status' THEN u.status_updated_at ELSE now() END,
            row_version = u.row_version + 1, updated_at = now()
       FROM batch b WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = b.user_id`,
    bind(scope, people, caseInsensitive),
  );
}

/** Adds members; those that were there stay. Gives the places of those whose group or person is not in the pool. */
export async function insertMembers(
  tx: Knex.Transaction,
  scope: PoolScope,
  members: readonly { readonly at: number; readonly groupId: string; readonly userId: string }[],
): Promise<number[]> {
  if (members.length === 0) return [];
  const { rows } = await tx.raw<{ rows: { at: number }[] }>(
    `WITH given AS (
       SELECT m.at, g.group_id, u.user_id
         FROM jsonb_to_recordset(:members) AS m(at int, "groupId" text, "userId" text)
         LEFT JOIN groups g ON g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.group_id = m."groupId"
         LEFT JOIN users u ON u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = m."userId"),
     made AS (
       INSERT INTO group_members (tenant_id, pool_id, group_id, user_id)
       SELECT DISTINCT :tenantId, :poolId, group_id, user_id FROM given
        WHERE group_id IS NOT NULL AND user_id IS NOT NULL
       ON CONFLICT DO NOTHING)
     SELECT at FROM given WHERE group_id IS NULL OR user_id IS NULL ORDER BY at`,
    { tenantId: scope.tenantId, poolId: scope.poolId, members: JSON.stringify(members) },
  );
  return rows.map(({ at }) => at);
}

/** Groups of a pool that hang in no tree, or lie too deep in one. */
export async function misplacedGroups(
  tx: Knex.Transaction,
  scope: PoolScope,
  maxLevels: number,
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: { id: string }[] }>(
    `WITH RECURSIVE tree (group_id, level) AS (
       SELECT group_id, 1 FROM groups WHERE tenant_id = :tenantId AND pool_id = :poolId AND parent_id IS NULL
       UNION ALL
       SELECT c.group_id, t.level + 1 FROM tree t JOIN groups c
           ON c.tenant_id = :tenantId AND c.pool_id = :poolId AND c.parent_id = t.group_id
        WHERE t.level < :maxLevels)
     SELECT g.group_id AS id FROM groups g WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId
        AND NOT EXISTS (SELECT FROM tree t WHERE t.group_id = g.group_id) LIMIT 10`,
    { tenantId: scope.tenantId, poolId: scope.poolId, maxLevels },
  );
  return rows.map(({ id }) => id);
}
