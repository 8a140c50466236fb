import { answerGroup } from '../../api/identity/groups/present.ts';
import { NewGroupBody, toGroupInput, toGroupSettings } from '../../api/identity/groups/schema.ts';
import { poolOfFile } from '../administrators_pool.ts';
import { everyPage, kind, type Key, type Place } from '../kind.ts';

const scopeOf = (place: Place, { pool, id }: Key) => ({
  tenantId: place.tenantId,
  poolId: poolOfFile(place, pool),
  groupId: id,
});

/** The groups of a pool, each with the one above it. Who is in them is no configuration. */
export const groups = kind({
  noun: 'group',
  path: 'pools/{pool}/groups/{id}.yaml',
  idField: 'id',
  body: NewGroupBody,
  list: async (place, { pool }) => {
    const scope = { tenantId: place.tenantId, poolId: poolOfFile(place, pool) };
    const all = await everyPage((page) => place.domain.groups.list(scope, { nested: true }, page));
    return all.map((group) => ({ id: group.id, answer: answerGroup(group) }));
  },
  create: async (place, key, body) => {
    const { groupId, ...scope } = scopeOf(place, key);
    return answerGroup(
      await place.domain.groups.create(scope, { ...toGroupInput(body), id: groupId }, place.by),
    );
  },
  update: async (place, key, body, expected) =>
    answerGroup(
      await place.domain.groups.update(scopeOf(place, key), toGroupSettings(body), place.by, expected),
    ),
  remove: (place, key, expected) => place.domain.groups.remove(scopeOf(place, key), place.by, expected),
});
