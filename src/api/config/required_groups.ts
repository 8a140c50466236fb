import { z } from 'zod';
import type { RequiredGroup } from '../../access/required_groups.ts';
import { id } from '../fields.ts';

/** Groups whose members alone may use something; what clients, scopes and services share. */
export const requiredGroups = z
  .array(z.strictObject({ identity_pool_id: id, group_id: id }))
  .max(20)
  .meta({
    description:
      'Only members of any of these groups, or of groups below them, may use it. Groups of pools that are connected to the workspace; empty: everybody',
  });

export const toRequiredGroups = (
  given: z.output<typeof requiredGroups> | undefined,
): RequiredGroup[] | undefined =>
  given?.map((group) => ({ poolId: group.identity_pool_id, groupId: group.group_id }));

export const presentRequiredGroups = (groups: readonly RequiredGroup[]): object[] =>
  groups.map(({ poolId, groupId }) => ({ identity_pool_id: poolId, group_id: groupId }));
