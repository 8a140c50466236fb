import { answerPool } from '../../api/identity/pools/present.ts';
import { PoolBody, toPoolInput } from '../../api/identity/pools/schema.ts';
import { poolInFile, poolOfFile, ADMINISTRATORS } from '../administrators_pool.ts';
import { notFound } from '../../domain_error.ts';
import { everyPage, kind } from '../kind.ts';

export const pools = kind({
  noun: 'pool',
  path: 'pools/{id}/pool.yaml',
  idField: 'id',
  fixed: ['workspace_id'],
  body: PoolBody,
  list: async (place) => {
    const { domain, tenantId } = place;
    return (await everyPage((page) => domain.pools.list({ tenantId }, {}, page)))
      .filter(({ id, system }) => !system || id === place.administrators)
      .map((pool) => ({
        id: poolInFile(place, pool.id),
        answer: answerPool(pool),
        kept: pool.system,
        people: pool.standardUsers + pool.jitUsers,
      }));
  },
  async create({ domain, tenantId, by }, { id }, body) {
    if (id === ADMINISTRATORS) throw notFound('The pool of administrators');
    const workspaceId =
      body.workspace_id === undefined || body.workspace_id === '' ? null : body.workspace_id;
    return answerPool(
      await domain.pools.create({ tenantId }, { ...toPoolInput(body), id }, by, { workspaceId }),
    );
  },
  update: async (place, { id }, body, expected) => {
    const { domain, tenantId, by } = place;
    const scope = { tenantId, poolId: poolOfFile(place, id) };
    return answerPool(await domain.pools.update(scope, toPoolInput(body), by, expected));
  },
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.pools.remove({ tenantId, poolId: id }, { withConnections: false }, by, expected),
});
