import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOpaqueId, isSlug, isTenantId, isWorkspaceId } from '../../src/tenants/slug.ts';
import { createTestDomain, SYSTEM_ACTOR, type TestDomain } from '../support/domain.ts';

const names = Object.getOwnPropertyNames(Object.prototype);
const tenant = { tenantId: 'acme' };
const workspace = { ...tenant, workspaceId: 'shop' };
const uris = { redirectUris: ['https://app.example.test/cb'] };

const refusals = async (attempts: readonly Promise<unknown>[]) =>
  (await Promise.allSettled(attempts)).map((attempt) =>
    attempt.status === 'rejected' ? (attempt.reason as { kind?: string }).kind : 'done',
  );

describe('names that every object has', () => {
  let test: TestDomain;
  beforeAll(async () => {
    test = await createTestDomain();
    const { tenants, workspaces, pools } = test.domain;
    await tenants.create({ id: 'acme' }, SYSTEM_ACTOR);
    await workspaces.create(tenant, { id: 'shop' }, SYSTEM_ACTOR);
    await pools.create(tenant, { id: 'people', name: 'People' }, SYSTEM_ACTOR);
  });
  afterAll(() => test.close());

  it.each(names)('%s is an id of nothing', (name) => {
    for (const isId of [isOpaqueId, isSlug, isTenantId, isWorkspaceId]) expect(isId(name)).toBe(false);
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    '%s is refused for everything that has an id',
    async (id) => {
      const { tenants, workspaces, pools, users, clients, connections } = test.domain;
      const attempts = [
        tenants.create({ id }, SYSTEM_ACTOR),
        workspaces.create(tenant, { id }, SYSTEM_ACTOR),
        pools.create(tenant, { id, name: 'Any' }, SYSTEM_ACTOR),
        users.create({ ...tenant, poolId: 'people' }, { id, status: 'new' }, SYSTEM_ACTOR),
        clients.create(workspace, { ...uris, id }, SYSTEM_ACTOR),
        connections.create(workspace, { id, poolId: 'people' }, SYSTEM_ACTOR),
        tenants.create({ id: 'fine', adminClient: { id } }, SYSTEM_ACTOR),
      ];
      expect(await refusals(attempts)).toEqual(attempts.map(() => 'invalid'));
    },
  );

  it.each(['__proto__', 'constructor'])('%s is no scope, audience or attribute', async (name) => {
    const { clients, connections } = test.domain;
    const path = `payload.${name}.name`;
    const attempts = [
      clients.create(workspace, { ...uris, scopes: ['openid', name] }, SYSTEM_ACTOR),
      clients.create(workspace, { ...uris, audience: [name] }, SYSTEM_ACTOR),
      connections.create(
        workspace,
        { poolId: 'people', mappings: [{ mode: 'dynamic', source: path, target: 'name', type: 'string' }] },
        SYSTEM_ACTOR,
      ),
      connections.create(
        workspace,
        { poolId: 'people', attributes: [{ name: path, type: 'string', description: '', labels: [] }] },
        SYSTEM_ACTOR,
      ),
    ];
    expect(await refusals(attempts)).toEqual(attempts.map(() => 'invalid'));
  });
});
