import type { Group } from '../../../groups/group.ts';
import { present } from '../../present.ts';
import type { Answer } from '../../route.ts';

/** A group as it leaves. */
export const presentGroup = (group: Group): object => ({
  id: group.id,
  tenant_id: group.tenantId,
  user_pool_id: group.poolId,
  name: group.name,
  description: group.description,
  ...present({ parent_id: group.parentId }),
});

export const answerGroup = (group: Group): Answer => ({
  body: presentGroup(group),
  version: group.rowVersion,
});
