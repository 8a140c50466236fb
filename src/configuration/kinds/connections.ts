import { answerConnection } from '../../api/config/connections/present.ts';
import {
  ConnectionBody,
  toConnectionSettings,
  toNewConnection,
} from '../../api/config/connections/schema.ts';
import type { Answer } from '../../api/route.ts';
import type { Connection } from '../../connections/connection.ts';
import { notFound } from '../../domain_error.ts';
import { ADMIN_WORKSPACE } from '../../tenants/tenant.ts';
import { poolInFile, poolOfFile } from '../administrators_pool.ts';
import { kind, type Key, type Place } from '../kind.ts';

/** A pool's connection to a workspace. There is one of a pool, so that the pool is its name. */
export const connections = kind({
  noun: 'connection',
  path: 'workspaces/{workspace}/connections/{id}.yaml',
  idField: 'identity_pool_id',
  fixed: ['id'],
  body: ConnectionBody,
  list: async (place, { workspace }) => {
    const scope = { tenantId: place.tenantId, workspaceId: workspace };
    return (await place.domain.connections.listByWorkspace(scope)).map((connection) => ({
      id: poolInFile(place, connection.poolId),
      answer: answer(place, connection),
      kept: isBuiltIn(place, connection),
    }));
  },
  create: async (place, { workspace }, body) => {
    const scope = { tenantId: place.tenantId, workspaceId: workspace };
    return answer(place, await place.domain.connections.create(scope, toNewConnection(body), place.by));
  },
  update: async (place, key, body, expected) => {
    const scope = await scopeOf(place, key);
    const settings = toConnectionSettings(body);
    return answer(place, await place.domain.connections.update(scope, settings, place.by, expected));
  },
  remove: async (place, key, expected) =>
    place.domain.connections.remove(await scopeOf(place, key), place.by, expected),
});

/** The way in of the administrators is there from the beginning, by an id that every tenant has its own of. */
const isBuiltIn = ({ administrators }: Place, { poolId, workspaceId }: Connection): boolean =>
  poolId === administrators && workspaceId === ADMIN_WORKSPACE;

function answer(place: Place, connection: Connection): Answer {
  const { body, version } = answerConnection(connection);
  const { id, ...rest } = body as { id: string };
  return {
    body: isBuiltIn(place, connection) ? rest : { ...rest, id },
    ...(version !== undefined && { version }),
  };
}

async function scopeOf(place: Place, { workspace, id }: Key) {
  const scope = { tenantId: place.tenantId, workspaceId: workspace };
  const all = await place.domain.connections.listByWorkspace(scope);
  const found = all.find(({ poolId }) => poolId === poolOfFile(place, id));
  if (found === undefined) throw notFound('Connection');
  return { ...scope, connectionId: found.id };
}
