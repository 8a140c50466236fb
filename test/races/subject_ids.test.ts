import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDomain, SYSTEM_ACTOR, type TestDomain } from '../support/domain.ts';

const tenantId = 'acme';
const people = { tenantId, poolId: 'people' };
const admin = { tenantId, workspaceId: 'admin' };

describe('the ids of people and clients', () => {
  let test: TestDomain;
  beforeAll(async () => {
    test = await createTestDomain();
    for (const id of [tenantId, 'other']) await test.domain.tenants.create({ id }, SYSTEM_ACTOR);
    await test.domain.pools.create({ tenantId }, { id: 'people', name: 'People' }, SYSTEM_ACTOR);
  });
  afterAll(() => test.close());

  const addUser = (id: string) => test.domain.users.create(people, { id, status: 'new' }, SYSTEM_ACTOR);
  const addClient = (id: string, scope = admin) =>
    test.domain.clients.create(scope, { id, grantTypes: ['client_credentials'] }, SYSTEM_ACTOR);
  const TAKEN = { kind: 'conflict', code: 'id_taken' };

  it('are one space in a tenant, in which a deleted person keeps theirs', async () => {
    await addUser('ann');
    await expect(addClient('ann')).rejects.toMatchObject(TAKEN);
    await test.domain.users.remove({ ...people, userId: 'ann' }, SYSTEM_ACTOR);
    await expect(addClient('ann')).rejects.toMatchObject(TAKEN);
    await addClient('ann', { tenantId: 'other', workspaceId: 'admin' });

    await addClient('app');
    await expect(addUser('app')).rejects.toMatchObject(TAKEN);
    await test.domain.clients.remove({ tenantId, clientId: 'app' }, SYSTEM_ACTOR);
    await addUser('app');
  });

  it('go to one of those who ask for the same one at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = `both-${round}`;
      const attempts = [addUser, addClient, addUser, addClient, addClient, addUser];
      const results = await Promise.allSettled(attempts.map((attempt) => attempt(id)));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject(TAKEN);
    }
  });
});
