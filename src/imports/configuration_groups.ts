import type { Knex } from 'knex';
import { isUniqueViolation } from '../db/errors.ts';
import { conflict, forbidden, invalid, notFound, refuseAny, type Issue } from '../domain_error.ts';
import { checkGroup, MAX_LEVELS } from '../groups/group.ts';
import { findGroup, insertGroup, lockTree, updateGroup } from '../groups/group_store.ts';
import type { Configuration, DumpGroup } from './configuration.ts';
import type { PoolScope } from '../pools/pool.ts';
import { findPool } from '../pools/pool_store.ts';
import { insertMembers, lockPeople, misplacedGroups } from './configuration_store.ts';

type TenantScope = { readonly tenantId: string };

/** Writes the groups of a dump in the caller's transaction, those above before those below. Throws `DomainError`. */
export async function putGroups(
  tx: Knex.Transaction,
  scope: TenantScope,
  { groups }: Configuration,
): Promise<void> {
  const placed = groups.map((group, at) => ({ group, at }));
  for (const poolId of [...new Set(groups.map((group) => group.poolId))].sort()) {
    const poolScope = { tenantId: scope.tenantId, poolId };
    await requireOwnPool(tx, poolScope);
    await lockTree(tx, poolScope, 'exclusive');
    for (const { group, at } of topDown(placed.filter((one) => one.group.poolId === poolId))) {
      await putGroup(tx, scope, group, `/groups/${at}`);
    }
    const misplaced = await misplacedGroups(tx, poolScope, MAX_LEVELS);
    const issues = misplaced.map((id): Issue => ({
      pointer: `/groups/${Math.max(
        0,
        groups.findIndex((group) => group.id === id),
      )}`,
      message: `lies below itself, or deeper than ${MAX_LEVELS} levels`,
    }));
    refuseAny(issues);
  }
}

async function putGroup(
  tx: Knex.Transaction,
  { tenantId }: TenantScope,
  group: DumpGroup,
  pointer: string,
): Promise<void> {
  const scope = { tenantId, poolId: group.poolId, groupId: group.id };
  const settings = checkGroup(group);
  if (settings.parentId !== null) {
    const parent = await findGroup(tx, { ...scope, groupId: settings.parentId });
    if (parent === undefined) throw invalid(`${pointer}/path`, 'leads to no group of this pool');
  }
  try {
    const exists = (await findGroup(tx, scope)) !== undefined;
    await (exists ? updateGroup(tx, scope, settings) : insertGroup(tx, scope, settings));
  } catch (error) {
    if (!isUniqueViolation(error, 'groups_name_unique')) throw error;
    throw conflict(`${pointer}: a group of this name is there already`, 'name_taken');
  }
}

async function requireOwnPool(tx: Knex.Transaction, scope: PoolScope): Promise<void> {
  const pool = await findPool(tx, scope);
  if (pool === undefined) throw notFound('Pool');
  if (pool.system) throw forbidden('People of this pool administer the tenant', 'system_pool');
}

type Placed = { readonly group: DumpGroup; readonly at: number };

/** Those above first. A circle has no top: its groups come last, and are found out in the tree. */
function topDown(groups: readonly Placed[]): Placed[] {
  const waiting = new Map(groups.map((placed) => [placed.group.id, placed]));
  const sorted: Placed[] = [];
  for (let before = -1; before !== sorted.length;) {
    before = sorted.length;
    for (const [id, placed] of waiting) {
      const { parentId } = placed.group;
      if (parentId !== null && parentId !== id && waiting.has(parentId)) continue;
      waiting.delete(id);
      sorted.push(placed);
    }
  }
  if (waiting.size > 0) {
    const [first] = waiting.values();
    throw invalid(`/groups/${first?.at}`, 'lies below itself');
  }
  return sorted;
}

/** Adds the members of a dump; those who are there stay. Throws `DomainError`. */
export async function putMembers(
  tx: Knex.Transaction,
  scope: TenantScope,
  { members }: Configuration,
): Promise<void> {
  const issues: Issue[] = [];
  for (const poolId of [...new Set(members.map((member) => member.poolId))].sort()) {
    const own = members.flatMap((member, at) => (member.poolId === poolId ? [{ ...member, at }] : []));
    const poolScope = { tenantId: scope.tenantId, poolId };
    await requireOwnPool(tx, poolScope);
    // Groups decide in applications: whose holds a role, administrators decide.
    const people = await lockPeople(
      tx,
      poolScope,
      own.map(({ userId }) => userId),
    );
    if (people.some(({ hasRoles }) => hasRoles)) {
      throw forbidden('Somebody among the members holds a role: add them one by one', 'permission_missing');
    }
    const lost = await insertMembers(tx, poolScope, own);
    issues.push(
      ...lost.map((at) => ({
        pointer: `/group_members/${at}`,
        message: 'names a group or a user who is not in this pool',
      })),
    );
  }
  refuseAny(issues);
}
