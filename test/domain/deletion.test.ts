import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { purgeDeletedPools } from '../../src/pools/pool_purge.ts';
import { createTestDomain, SYSTEM_ACTOR, type TestDomain } from '../support/domain.ts';

let test: TestDomain;
const tenantId = 'acme';

beforeAll(async () => {
  test = await createTestDomain();
  await test.domain.tenants.create({ id: tenantId }, SYSTEM_ACTOR);
});
afterAll(() => test.close());

const settled = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) =>
    result.status === 'fulfilled' ? 'done' : (result.reason as { kind?: string }).kind,
  );

describe('the purge of deleted pools', () => {
  it('removes everything, with any number of processes at it, and keeps the ids taken', async () => {
    const { domain, db } = test;
    const scope = { tenantId, poolId: 'large' };
    await domain.pools.create({ tenantId }, { id: 'large', name: 'Large' }, SYSTEM_ACTOR);
    // As a registration leaves them, 1,200 of them: more than two batches.
    await db.knex.raw(
      `WITH ids AS (INSERT INTO user_ids SELECT 'acme', 'u' || n FROM generate_series(1, 1200) n)
       INSERT INTO users (tenant_id, pool_id, user_id, status, payload_schema_id, metadata_schema_id)
       SELECT 'acme', 'large', 'u' || n, 'new', 'user_v0', 'metadata_v0' FROM generate_series(1, 1200) n`,
    );
    await db.knex('groups').insert({
      tenant_id: tenantId,
      pool_id: 'large',
      group_id: 'g',
      name: 'G',
      name_lc: 'g',
    });
    expect(await purgeDeletedPools(db)).toBe(0);
    await domain.pools.remove(scope, { withConnections: false }, SYSTEM_ACTOR);
    const purged = await Promise.all([1, 2, 3].map(() => purgeDeletedPools(db)));
    const rest = await purgeDeletedPools(db);
    expect(purged.reduce((sum, one) => sum + one, rest)).toBe(1);
    for (const table of ['users', 'pools', 'groups', 'pool_user_counts']) {
      expect(await db.knex(table).where({ tenant_id: tenantId, pool_id: 'large' })).toEqual([]);
    }
    const { rows } = await db.knex.raw(
      `SELECT count(*) AS n FROM user_ids WHERE tenant_id = 'acme' AND deleted_at IS NOT NULL`,
    );
    expect(rows[0].n).toBe(1200);
  });
});

describe('deleting while somebody is creating', () => {
  it('leaves no pool, client or connection of a workspace that is gone', async () => {
    const { domain, db } = test;
    for (let round = 0; round < 8; round += 1) {
      const workspaceId = `w${round}`;
      const scope = { tenantId, workspaceId };
      await domain.workspaces.create({ tenantId }, { id: workspaceId }, SYSTEM_ACTOR);
      await domain.pools.create(
        { tenantId },
        { id: `shared${round}`, name: `Shared ${round}` },
        SYSTEM_ACTOR,
      );
      const client = { redirectUris: ['https://app.example/cb'] };
      const results = await Promise.allSettled([
        domain.pools.createInWorkspace(scope, { name: 'Own' }, SYSTEM_ACTOR, { connect: true }),
        domain.clients.create(scope, client, SYSTEM_ACTOR),
        domain.workspaces.remove(scope, SYSTEM_ACTOR),
        domain.connections.create(scope, { poolId: `shared${round}` }, SYSTEM_ACTOR),
        domain.pools.createInWorkspace(scope, { name: 'Another' }, SYSTEM_ACTOR, { connect: false }),
      ]);
      for (const outcome of settled(results)) expect(['done', 'not_found']).toContain(outcome);
      expect(settled(results)[2]).toBe('done');
      const key = { tenant_id: tenantId, workspace_id: workspaceId };
      for (const table of ['workspaces', 'pools', 'clients', 'connections', 'signing_keys']) {
        expect(await db.knex(table).where(key)).toEqual([]);
      }
    }
  });

  it('leaves nobody who can be found in a pool that is gone', async () => {
    const { domain, db } = test;
    for (let round = 0; round < 8; round += 1) {
      const poolId = `brief${round}`;
      const scope = { tenantId, poolId };
      await domain.pools.create({ tenantId }, { id: poolId, name: `Brief ${round}` }, SYSTEM_ACTOR);
      const results = await Promise.allSettled([
        domain.users.create(scope, { status: 'new' }, SYSTEM_ACTOR),
        domain.pools.remove(scope, { withConnections: true }, SYSTEM_ACTOR),
        domain.users.create(scope, { status: 'new' }, SYSTEM_ACTOR),
      ]);
      for (const outcome of settled(results)) expect(['done', 'not_found']).toContain(outcome);
      await purgeDeletedPools(db);
      expect(await db.knex('users').where({ tenant_id: tenantId, pool_id: poolId })).toEqual([]);
    }
  });
});

describe('a change that fails', () => {
  it('leaves no trace, in the audit trail neither', async () => {
    const { domain } = test;
    await domain.pools.create({ tenantId }, { id: 'first', name: 'Taken' }, SYSTEM_ACTOR);
    const before = await domain.audit.list({ tenantId }, 1);
    await expect(domain.pools.create({ tenantId }, { name: 'taken' }, SYSTEM_ACTOR)).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await domain.audit.list({ tenantId }, 1)).toEqual(before);
  });
});
