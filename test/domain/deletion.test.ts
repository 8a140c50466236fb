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

describe('what a pool leaves behind', () => {
  it('is nothing, in any table, but the ids that nobody gets again and the record of what was done', async () => {
    const { domain, db } = test;
    const scope = { tenantId, poolId: 'leaving' };
    await domain.pools.create({ tenantId }, { id: scope.poolId, name: 'Leaving' }, SYSTEM_ACTOR);
    const { id: userId } = await domain.users.create(
      scope,
      {
        status: 'new',
        identifiers: [{ type: 'email', identifier: 'leo@example.test' }],
        addresses: [{ type: 'email', address: 'leo@example.test', verified: false }],
        password: { password: 'quiet otter crosses river', mustBeChanged: false, mustBeReset: false },
      },
      SYSTEM_ACTOR,
    );
    const person = { ...scope, userId };
    const group = await domain.groups.create(
      scope,
      { name: 'Staff', description: '', parentId: null },
      SYSTEM_ACTOR,
    );
    await domain.groupMembers.add({ ...person, groupId: group.id }, SYSTEM_ACTOR);
    await domain.activationMessages.send(person, { form: 'link', by: SYSTEM_ACTOR, source: undefined });
    await domain.passkeys.beginCreation(person);
    await domain.devices.remember(person, { ip: '192.0.2.1', userAgent: 'Firefox', ttlSeconds: 60 });
    const tables = await tablesOfPools();
    const before = await rowsOf(tables, scope.poolId);
    expect(Object.keys(before)).toEqual(
      expect.arrayContaining(['codes', 'credentials', 'group_members', 'outbox', 'trusted_devices', 'users']),
    );
    await domain.pools.remove(scope, { withConnections: false }, SYSTEM_ACTOR);
    await purgeDeletedPools(db);
    expect(await rowsOf(tables, scope.poolId)).toEqual({});
  });

  async function tablesOfPools(): Promise<string[]> {
    const { rows } = await test.db.knex.raw<{ rows: { table_name: string }[] }>(
      `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'pool_id'`,
    );
    return rows.map((row) => row.table_name);
  }

  async function rowsOf(tables: readonly string[], poolId: string): Promise<Record<string, number>> {
    const counts: [string, number][] = [];
    for (const table of tables) {
      const rows: unknown[] = await test.db.knex(table).where({ tenant_id: tenantId, pool_id: poolId });
      if (rows.length > 0) counts.push([table, rows.length]);
    }
    return Object.fromEntries(counts);
  }
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
