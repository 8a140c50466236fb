import { refuseAny, type Issue } from '../domain_error.ts';
import type { PoolScope } from '../pools/pool.ts';
import { isOpaqueId, OPAQUE_ID_RULE } from '../tenants/slug.ts';

export type GroupScope = PoolScope & { readonly groupId: string };

/** What a caller decides of a group (contract 1.12). `parentId` null: at the top of the pool's tree. */
export type GroupSettings = {
  readonly name: string;
  readonly description: string;
  readonly parentId: string | null;
};

export type Group = GroupSettings & {
  readonly tenantId: string;
  readonly poolId: string;
  readonly id: string;
  readonly rowVersion: number;
};

/** The name of a group that starts or ends with it, in any case. */
export type GroupFilter = { readonly name?: string | undefined };

/** How many levels the tree has at most; a group at the top is on the first. */
export const MAX_LEVELS = 10;
const MAX_NAME_CHARS = 200;
const MAX_DESCRIPTION_CHARS = 1_000;

/** The settings in their stored form. Throws `DomainError` for what no group may be called. */
export function checkGroup(settings: GroupSettings & { readonly id?: string | undefined }): GroupSettings {
  const name = readGroupName(settings.name);
  const issues: Issue[] = [];
  if (settings.id !== undefined && !isOpaqueId(settings.id)) {
    issues.push({ pointer: '/id', message: OPAQUE_ID_RULE });
  }
  if (name === undefined) issues.push({ pointer: '/name', message: GROUP_NAME_RULE });
  if (settings.description.length > MAX_DESCRIPTION_CHARS) {
    issues.push({ pointer: '/description', message: `must not exceed ${MAX_DESCRIPTION_CHARS} characters` });
  }
  refuseAny(issues);
  return { name: name ?? '', description: settings.description, parentId: settings.parentId };
}

/** A name in its stored form; undefined for what no group may be called. */
export function readGroupName(given: string): string | undefined {
  const name = given.trim().normalize('NFC');
  return name === '' || name.length > MAX_NAME_CHARS ? undefined : name;
}

export const GROUP_NAME_RULE = `must be 1 to ${MAX_NAME_CHARS} characters`;

/** What two names are compared by: siblings differ in it, lists are in its order, searches look at it. */
export const foldName = (name: string): string => name.normalize('NFC').toLowerCase();
