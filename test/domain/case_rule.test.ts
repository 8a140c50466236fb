import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDomain, SYSTEM_ACTOR, type TestDomain } from '../support/domain.ts';

let test: TestDomain;
const tenantId = 'acme';

beforeAll(async () => {
  test = await createTestDomain();
  await test.domain.tenants.create({ id: tenantId }, SYSTEM_ACTOR);
});
afterAll(() => test.close());

const create = (poolId: string, identifier: string) =>
  test.domain.users.create(
    { tenantId, poolId },
    { status: 'new', identifiers: [{ identifier, type: 'uid' }] },
    SYSTEM_ACTOR,
  );

describe('the case rule of a pool', () => {
  it('moves every identifier to its key under the new rule, and back', async () => {
    const { domain, db } = test;
    const scope = { tenantId, poolId: 'moving' };
    await domain.pools.create({ tenantId }, { id: 'moving', name: 'Moving' }, SYSTEM_ACTOR);
    await create('moving', 'Ann');
    await create('moving', 'Bob@EXAMPLE.com');
    const keys = () =>
      db.knex('identifiers').where({ pool_id: 'moving' }).orderBy('identifier').pluck('lookup_key');
    expect(await keys()).toEqual(['Ann', 'Bob@example.com']);
    const rule = (identifierCaseInsensitive: boolean) =>
      domain.pools.update(scope, { name: 'Moving', identifierCaseInsensitive }, SYSTEM_ACTOR);
    await rule(true);
    expect(await keys()).toEqual(['ann', 'bob@example.com']);
    await rule(false);
    expect(await keys()).toEqual(['Ann', 'Bob@example.com']);
  });

  it('never ends with two people under one name, whoever comes at the same moment', async () => {
    const { domain, db } = test;
    for (let round = 0; round < 10; round += 1) {
      const poolId = `racing${round}`;
      await domain.pools.create({ tenantId }, { id: poolId, name: `Racing ${round}` }, SYSTEM_ACTOR);
      await create(poolId, 'ann');
      const settled = await Promise.allSettled([
        create(poolId, 'ANN'),
        domain.pools.update(
          { tenantId, poolId },
          { name: `Racing ${round}`, identifierCaseInsensitive: true },
          SYSTEM_ACTOR,
        ),
        create(poolId, 'Ann'),
      ]);
      const { identifierCaseInsensitive: ignored } = await domain.pools.get({ tenantId, poolId });
      const stored = await db
        .knex('identifiers')
        .where({ pool_id: poolId })
        .select('identifier', 'lookup_key');
      for (const { identifier, lookup_key: key } of stored as { identifier: string; lookup_key: string }[]) {
        expect(key).toBe(ignored ? identifier.toLowerCase() : identifier);
      }
      expect(ignored).toBe(settled[1]?.status === 'fulfilled');
      expect(stored).toHaveLength(
        1 + settled.filter((one, at) => at !== 1 && one.status === 'fulfilled').length,
      );
    }
  });
});
