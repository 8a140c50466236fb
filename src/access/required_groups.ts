import type { Issue } from '../domain_error.ts';
import type { Account } from '../users/account.ts';

/** A group whose members, and those of the groups below it, may use something. */
export type RequiredGroup = { readonly poolId: string; readonly groupId: string };

const MAX_REQUIRED = 20;

/**
 * Whether a person may use what requires membership of any of some groups. Nothing required: everybody. Who is
 * not known is in no group.
 */
export function isAdmitted(
  required: readonly RequiredGroup[],
  account: Pick<Account, 'poolId' | 'memberOf'> | undefined,
): boolean {
  if (required.length === 0) return true;
  const { poolId, memberOf } = account ?? {};
  return required.some((group) => group.poolId === poolId && memberOf?.includes(group.groupId) === true);
}

export const sameGroup = (a: RequiredGroup, b: RequiredGroup): boolean =>
  a.poolId === b.poolId && a.groupId === b.groupId;

/** What is wrong with a list of required groups by itself. */
export function requiredGroupIssues(required: readonly RequiredGroup[]): Issue[] {
  const pointer = '/required_groups';
  if (required.length > MAX_REQUIRED)
    return [{ pointer, message: `must name at most ${MAX_REQUIRED} groups` }];
  const twice = required.some((group, at) => required.slice(0, at).some((other) => sameGroup(group, other)));
  return twice ? [{ pointer, message: 'must not name the same group twice' }] : [];
}
