import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import { keyset, type Page } from '../db/keyset.ts';
import type { Actor } from '../events/audit.ts';
import { auditPart } from '../events/audit_store.ts';
import { LISTED } from '../users/user_list_store.ts';
import type { ListedUser } from '../users/user.ts';
import type { GroupScope } from './group.ts';
import { BELOW } from './group_store.ts';

export type MemberScope = GroupScope & { readonly userId: string };

// $1 tenant, $2 pool, $3 group, $4 user.
const BOTH_OF_ONE_POOL = `
  SELECT g.tenant_id, g.pool_id, g.group_id, u.user_id
    FROM groups g JOIN pools p ON p.tenant_id = g.tenant_id AND p.pool_id = g.pool_id AND p.deleted_at IS NULL
    JOIN users u ON u.tenant_id = g.tenant_id AND u.pool_id = g.pool_id
   WHERE g.tenant_id = $1 AND g.pool_id = $2 AND g.group_id = $3 AND u.user_id = $4`;

/**
 * Puts a person into a group, with its record, in one statement; nothing happens when they are in it. False when
 * group or person is not in the pool. Throws a foreign key's violation when one of them goes at this moment.
 */
export async function insertMember(executor: Knex, scope: MemberScope, by: Actor): Promise<boolean> {
  const audit = auditPart(scope, by, event('added_to_group', scope), 5, 'added');
  return withClient(executor, async (client) => {
    const { rows } = await client.query<{ known: boolean }>({
      name: 'group-member-add',
      text: `WITH target AS (${BOTH_OF_ONE_POOL}),
        added AS (
          INSERT INTO group_members (tenant_id, pool_id, group_id, user_id) SELECT * FROM target
          ON CONFLICT DO NOTHING RETURNING 1),
        audited AS (${audit.sql})
        SELECT EXISTS (SELECT FROM target) AS known`,
      values: [...keysOf(scope), ...audit.values],
    });
    return rows[0]?.known === true;
  });
}

/** Takes a person out of a group, with its record, in one statement. False when they were not in it. */
export async function deleteMember(executor: Knex, scope: MemberScope, by: Actor): Promise<boolean> {
  const audit = auditPart(scope, by, event('removed_from_group', scope), 5, 'removed');
  return withClient(executor, async (client) => {
    const { rows } = await client.query<{ known: boolean }>({
      name: 'group-member-remove',
      text: `WITH target AS (${BOTH_OF_ONE_POOL}),
        removed AS (
          DELETE FROM group_members m USING target t
           WHERE m.tenant_id = t.tenant_id AND m.pool_id = t.pool_id AND m.group_id = t.group_id
             AND m.user_id = t.user_id
          RETURNING 1),
        audited AS (${audit.sql})
        SELECT EXISTS (SELECT FROM removed) AS known`,
      values: [...keysOf(scope), ...audit.values],
    });
    return rows[0]?.known === true;
  });
}

/** Whether a person is in the group itself or, with `nested`, in one below it. */
export async function isMember(
  executor: Knex,
  scope: MemberScope,
  { nested }: { readonly nested: boolean },
): Promise<boolean> {
  // From the person upwards: at most ten levels from each of their groups, however large the tree is.
  const above = `
    UNION
    SELECT g.group_id, g.parent_id FROM mine m JOIN groups g
        ON g.tenant_id = $1 AND g.pool_id = $2 AND g.group_id = m.parent_id`;
  return withClient(executor, async (client) => {
    const { rows } = await client.query<{ member: boolean }>({
      name: nested ? 'group-member-nested' : 'group-member',
      text: `WITH RECURSIVE mine (group_id, parent_id) AS (
          SELECT g.group_id, g.parent_id FROM group_members m JOIN groups g USING (tenant_id, pool_id, group_id)
            JOIN pools p ON p.tenant_id = m.tenant_id AND p.pool_id = m.pool_id AND p.deleted_at IS NULL
           WHERE m.tenant_id = $1 AND m.pool_id = $2 AND m.user_id = $4
             ${nested ? '' : 'AND m.group_id = $3'}${nested ? above : ''})
        SELECT EXISTS (SELECT FROM mine WHERE group_id = $3) AS member`,
      values: keysOf(scope),
    });
    return rows[0]?.member === true;
  });
}

/** A page of the people in a group, by user id; with `nested`, of those below it as well, each once. */
export async function listMembers(
  executor: Knex,
  scope: GroupScope,
  { nested }: { readonly nested: boolean },
  page: Page,
): Promise<ListedUser[]> {
  const { where, bindings, orderBy, arrange } = keyset(['m.user_id'], page);
  const ofGroup = (groupId: string) => `
    SELECT m.user_id FROM group_members m
     WHERE m.tenant_id = :tenantId AND m.pool_id = :poolId AND m.group_id = ${groupId} AND :beyond
     ORDER BY ${orderBy} LIMIT :limit`;
  // No group gives more than one page: what a page costs does not grow with how many are in them.
  const members = nested
    ? `SELECT DISTINCT m.user_id FROM below b CROSS JOIN LATERAL (${ofGroup('b.group_id')}) m`
    : ofGroup(':groupId');
  const { rows } = await executor.raw<{ rows: ListedUser[] }>(
    `${nested ? `WITH RECURSIVE below (group_id, level) AS (${BELOW})` : ''}
     SELECT ${LISTED} FROM (SELECT m.user_id FROM (${members}) m ORDER BY ${orderBy} LIMIT :limit) m
       JOIN users u ON u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = m.user_id
      ORDER BY ${orderBy}`,
    {
      tenantId: scope.tenantId,
      poolId: scope.poolId,
      groupId: scope.groupId,
      beyond: executor.raw(where, [...bindings]),
      limit: page.limit,
    },
  );
  return arrange(rows);
}

const keysOf = (scope: MemberScope): string[] => [scope.tenantId, scope.poolId, scope.groupId, scope.userId];

const event = (action: 'added_to_group' | 'removed_from_group', scope: MemberScope) =>
  ({
    subject: 'user',
    action,
    affected: { userId: scope.userId, poolId: scope.poolId, groupId: scope.groupId },
    payload: { user_id: scope.userId, group_id: scope.groupId },
  }) as const;
