import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDomain, person, SYSTEM_ACTOR, type TestDomain } from '../support/domain.ts';

let test: TestDomain;
beforeAll(async () => {
  test = await createTestDomain();
});
afterAll(() => test.close());

describe('a new tenant', () => {
  it('can be administered at once', async () => {
    const { domain, db } = test;
    const created = await domain.tenants.create({ id: 'acme', name: 'Acme' }, SYSTEM_ACTOR);
    expect(created.tenant).toMatchObject({ id: 'acme', name: 'Acme' });
    expect(created.adminClient.clientSecret).toHaveLength(43);
    const workspaces = await domain.workspaces.list({ tenantId: 'acme' }, {}, { limit: 10 });
    expect(workspaces.map(({ id, type }) => [id, type])).toEqual([
      ['admin', 'admin'],
      ['system', 'system'],
    ]);
    const connections = await domain.connections.listByWorkspace({ tenantId: 'acme', workspaceId: 'admin' });
    expect(connections.map(({ poolId }) => poolId)).toEqual([created.administratorsPoolId]);
    const keys = await db.knex('signing_keys').where({ tenant_id: 'acme' }).select('alg', 'public_jwk');
    expect(keys.map(({ alg }: { alg: string }) => alg).sort()).toEqual(['ES256', 'ES256', 'RS256', 'RS256']);
    for (const { public_jwk: jwk } of keys as { public_jwk: object }[]) expect(jwk).not.toHaveProperty('d');
  });

  it('holds people in pools', async () => {
    const { domain } = test;
    const pool = await domain.pools.create({ tenantId: 'acme' }, { name: 'Staff' }, SYSTEM_ACTOR);
    const user = await domain.users.create(
      { tenantId: 'acme', poolId: pool.id },
      {
        status: 'active',
        payload: person('Ann'),
        identifiers: [{ identifier: 'ann@example.com', type: 'email' }],
        addresses: [{ address: 'ann@example.com', type: 'email', verified: true }],
        password: { password: 'correct horse', mustBeChanged: false, mustBeReset: false },
      },
      SYSTEM_ACTOR,
    );
    expect(user.identifiers).toMatchObject([{ identifier: 'ann@example.com' }]);
    expect(user.credentials).toMatchObject([{ type: 'password', state: 'valid' }]);
    expect(await domain.pools.get({ tenantId: 'acme', poolId: pool.id })).toMatchObject({ standardUsers: 1 });
    await domain.users.update(
      { tenantId: 'acme', poolId: pool.id, userId: user.id },
      { status: 'inactive' },
      SYSTEM_ACTOR,
    );
    await domain.users.remove({ tenantId: 'acme', poolId: pool.id, userId: user.id }, SYSTEM_ACTOR);
    expect(await domain.pools.get({ tenantId: 'acme', poolId: pool.id })).toMatchObject({ standardUsers: 0 });
  });
});
