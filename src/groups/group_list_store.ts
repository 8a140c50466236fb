import type { Knex } from 'knex';
import { keyset, literalForLike, type Page } from '../db/keyset.ts';
import type { PoolScope } from '../pools/pool.ts';
import { foldName, type Group, type GroupFilter } from './group.ts';
import { BELOW, SELECT_GROUP } from './group_store.ts';

/** Which groups: the top level, the children of one, everything, or everything below one. */
export type GroupsWanted = GroupFilter & {
  readonly parentId?: string | undefined;
  readonly nested: boolean;
};

/** What a list begins with: whether the pool and the group it is about are there, and the cursor's place. */
export type ListStart = {
  readonly pool: boolean;
  readonly parent: boolean;
  /** Null when the cursor's group is gone, or when there is no cursor. */
  readonly cursorName: string | null;
};

// Names in the order of their code points: the same on every installation, and served by the indexes.
const BY_NAME = ['g.name_lc COLLATE "C"', 'g.group_id'];

const CURSOR_NAME = `SELECT g.name_lc FROM groups g
  WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.group_id = :cursor`;

/** One statement for everything that a list checks before it reads. */
export async function readListStart(
  executor: Knex,
  scope: PoolScope,
  { parentId, cursor }: { readonly parentId?: string | undefined; readonly cursor?: string | undefined },
): Promise<ListStart> {
  const { rows } = await executor.raw<{ rows: ListStart[] }>(
    `SELECT EXISTS (SELECT FROM pools p WHERE p.tenant_id = :tenantId AND p.pool_id = :poolId
                       AND p.deleted_at IS NULL) AS pool,
            EXISTS (SELECT FROM groups g WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId
                       AND g.group_id = :parentId) AS parent,
            (${CURSOR_NAME}) AS "cursorName"`,
    { ...scope, parentId: parentId ?? '', cursor: cursor ?? '' },
  );
  return rows[0] ?? { pool: false, parent: false, cursorName: null };
}

/** The same for the list of a person's groups. */
export async function readUserListStart(
  executor: Knex,
  scope: PoolScope & { readonly userId: string },
  cursor: string | undefined,
): Promise<{ readonly user: boolean; readonly cursorName: string | null }> {
  const { rows } = await executor.raw<{ rows: { user: boolean; cursorName: string | null }[] }>(
    `SELECT EXISTS (SELECT FROM users u JOIN pools p USING (tenant_id, pool_id)
                     WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = :userId
                       AND p.deleted_at IS NULL) AS "user",
            (${CURSOR_NAME}) AS "cursorName"`,
    { ...scope, cursor: cursor ?? '' },
  );
  return rows[0] ?? { user: false, cursorName: null };
}

/** A page of a pool's groups, by name. */
export async function listGroups(
  executor: Knex,
  scope: PoolScope,
  { parentId, nested, name }: GroupsWanted,
  page: Page,
  cursorName: string | null,
): Promise<Group[]> {
  const bindings = { groupId: parentId ?? '' };
  if (parentId !== undefined && nested) {
    const before = `WITH RECURSIVE below (group_id, level) AS (${BELOW})`;
    const wanted = { before, from: eachOf('below'), place: 's.level > 1', name, bindings };
    return readPage(executor, scope, wanted, page, cursorName);
  }
  const level = parentId === undefined ? 'g.parent_id IS NULL' : 'g.parent_id = :groupId';
  const wanted = { before: '', from: ALL, place: nested ? 'true' : level, name, bindings };
  return readPage(executor, scope, wanted, page, cursorName);
}

/** A page of the groups that a person is in, by name; `withParents` adds those above them. */
export async function listGroupsOfUser(
  executor: Knex,
  scope: PoolScope & { readonly userId: string },
  { name, withParents }: GroupFilter & { readonly withParents: boolean },
  page: Page,
  cursorName: string | null,
): Promise<Group[]> {
  const above = `
    UNION
    SELECT a.group_id, a.parent_id FROM mine m JOIN groups a
        ON a.tenant_id = :tenantId AND a.pool_id = :poolId AND a.group_id = m.parent_id`;
  const before = `WITH RECURSIVE mine (group_id, parent_id) AS (
      SELECT g.group_id, g.parent_id FROM group_members m JOIN groups g USING (tenant_id, pool_id, group_id)
       WHERE m.tenant_id = :tenantId AND m.pool_id = :poolId AND m.user_id = :userId${withParents ? above : ''})`;
  const wanted = { before, from: eachOf('mine'), place: 'true', name, bindings: { userId: scope.userId } };
  return readPage(executor, scope, wanted, page, cursorName);
}

/** The groups of a small set, each looked up by its key: OFFSET keeps the plan from reading all groups instead. */
const eachOf = (set: string): string =>
  `${set} s CROSS JOIN LATERAL (SELECT g.* FROM groups g
     WHERE g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.group_id = s.group_id OFFSET 0) g`;

const ALL = 'groups g';
// The last condition holds for every row: the indexes by name are kept to it (migration 0010).
const IN_POOL = `g.tenant_id = :tenantId AND g.pool_id = :poolId AND g.name_lc <> ''`;

type Wanted = {
  readonly before: string;
  readonly from: string;
  readonly place: string;
  readonly name: string | undefined;
  readonly bindings: Readonly<Record<string, string>>;
};

async function readPage(
  executor: Knex,
  scope: PoolScope,
  { before, from, place, name, bindings }: Wanted,
  page: Page,
  cursorName: string | null,
): Promise<Group[]> {
  const cursor = page.after ?? page.before;
  const keys = cursor === undefined || cursorName === null ? undefined : [cursorName, cursor];
  const at = page.after === undefined ? { before: keys } : { after: keys };
  const beyond = keyset(BY_NAME, page, at);
  const { orderBy } = beyond;
  const select = (source: string, condition: string) =>
    `SELECT ${SELECT_GROUP}, g.name_lc, g.group_id FROM ${source}
      WHERE ${IN_POOL} AND ${place} AND ${condition} AND :beyond
      ORDER BY ${orderBy} LIMIT :limit`;
  // Apart, because each has an index of its own, and an OR of them has none. OFFSET makes the second be used: the
  // planner knows too little of endings, and would sooner read all names in order.
  const begins = 'g.name_lc COLLATE "C" LIKE :begins';
  const ends = 'reverse(g.name_lc) COLLATE "C" LIKE :ends';
  const ending = from === ALL ? `(SELECT g.* FROM groups g WHERE ${IN_POOL} AND ${ends} OFFSET 0) g` : from;
  const rows =
    name === undefined
      ? select(from, 'true')
      : `(${select(from, begins)}) UNION ALL (${select(ending, `${ends} AND NOT ${begins}`)})`;
  const folded = foldName(name ?? '');
  const result = await executor.raw<{ rows: (Group & { name_lc?: string; group_id?: string })[] }>(
    `${before} SELECT * FROM (${rows}) g ORDER BY ${orderBy} LIMIT :limit`,
    {
      ...bindings,
      tenantId: scope.tenantId,
      poolId: scope.poolId,
      begins: `${literalForLike(folded)}%`,
      ends: `${literalForLike(Array.from(folded).toReversed().join(''))}%`,
      beyond: executor.raw(beyond.where, [...beyond.bindings]),
      limit: page.limit,
    },
  );
  return beyond.arrange(result.rows.map(({ name_lc: _name, group_id: _id, ...group }) => group));
}
