import { z } from 'zod';
import type { NewGroupInput } from '../../../groups/group_service.ts';
import { id, line, readOnly } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';
import { jsonText } from './json_text.ts';

const name = line(200).meta({ description: 'Unique among the groups of one parent, in any case' });
const description = z.string().max(1_000);

const settings = {
  name,
  description: description.optional(),
  parent_id: z
    .string()
    .max(64)
    .optional()
    .meta({ description: 'The group above; absent or empty: at the top' }),
  tenant_id: readOnly,
  user_pool_id: readOnly,
};

/** What creates a group (contract 1.12). */
export const NewGroupBody = z
  .strictObject({ ...settings, id: z.string().max(64).optional() })
  .meta({ id: 'NewGroup' });

/** What replaces a group's settings. */
export const GroupBody = z.strictObject({ ...settings, id: readOnly }).meta({ id: 'GroupUpdate' });

export const GroupResponse = z
  .strictObject({
    id,
    tenant_id: id,
    user_pool_id: id,
    name,
    description,
    parent_id: id.optional(),
  })
  .meta({ id: 'Group' });

/** A bare array, as the contract has it. */
export const GroupsResponse = z.array(GroupResponse).meta({ id: 'Groups' });

const flag = (text: string) =>
  z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional()
    .meta({ description: text });

const nameFilter = jsonText(
  z.strictObject({ name: z.string().min(1).max(200).optional() }),
  'must be JSON with name as its only key',
).meta({ description: 'JSON: `{"name": ...}`: names that start or end with it, in any case' });

export const GroupsQuery = z.strictObject({
  ...pagingQuery('group'),
  parent_id: z.string().max(64).optional().meta({ description: 'Only what is below this group' }),
  query: nameFilter.optional(),
  with_nested_groups: flag('Everything below, not the next level alone'),
});

export const GroupsOfUserQuery = z.strictObject({
  ...pagingQuery('group'),
  query: nameFilter.optional(),
  with_parent_groups: flag('The groups above as well'),
});

export const MembersQuery = z.strictObject({
  ...pagingQuery('user'),
  with_nested_groups: flag('The people of the groups below as well'),
});

export const NestedQuery = z.strictObject({ with_nested_groups: flag('In a group below counts as well') });

/** The body in the words of the domain. */
export const toGroupInput = (body: z.output<typeof NewGroupBody>): NewGroupInput => ({
  id: body.id,
  ...toGroupSettings(body),
});

export const toGroupSettings = (body: Omit<z.output<typeof GroupBody>, 'id'>) => ({
  name: body.name,
  description: body.description ?? '',
  parentId: body.parent_id === undefined || body.parent_id === '' ? null : body.parent_id,
});
