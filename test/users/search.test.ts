import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDomain, person, SYSTEM_ACTOR, type TestDomain } from '../support/domain.ts';
import { explaining, pagesRead, tablesReadWhole } from '../support/plans.ts';
import { watchStatements, type StatementLog } from '../support/statements.ts';

const PEOPLE = 50_000;
// Beside the large pool, rows that a look-up must not wade through.
const OTHERS = 10_000;
const TABLES = ['user_ids', 'users', 'identifiers', 'verifiable_addresses', 'credentials'];

const pool = { tenantId: 'acme', poolId: 'large' };
const idOf = (n: number): string => `u${String(n).padStart(6, '0')}`;
const one = (n: number) => ({ ...pool, userId: idOf(n) });
const page = { limit: 3 };

let test: TestDomain;
let log: StatementLog;

beforeAll(async () => {
  test = await createTestDomain();
  await test.domain.tenants.create({ id: 'acme' }, SYSTEM_ACTOR);
  await test.domain.pools.create({ tenantId: 'acme' }, { id: 'large', name: 'Large' }, SYSTEM_ACTOR);
  await test.domain.pools.create({ tenantId: 'acme' }, { id: 'other', name: 'Other' }, SYSTEM_ACTOR);
  await test.db.knex.transaction(async (tx) => {
    // Nothing here points anywhere else: checking every reference takes longer than all the rest.
    await tx.raw('SET LOCAL session_replication_role = replica');
    await tx.raw('SET LOCAL statement_timeout = 0');
    await fill(tx, 'large', 'u', PEOPLE);
    await fill(tx, 'other', 'x', OTHERS);
  });
  await test.db.knex.raw(`ANALYZE ${TABLES.join(', ')}`);
  log = watchStatements();
}, 60_000);
afterAll(async () => {
  log.stop();
  await test.close();
});

/** Everybody is in a department of a thousand, in one country of two, and has a badge of their own. */
async function fill(knex: Knex, poolId: string, letter: string, count: number): Promise<void> {
  const ids = `SELECT '${letter}' || lpad(n::text, 6, '0') AS id, n FROM generate_series(1, ${count}) n`;
  await knex.raw(`INSERT INTO user_ids (tenant_id, user_id) SELECT 'acme', id FROM (${ids}) i`);
  await knex.raw(`INSERT INTO users (tenant_id, pool_id, user_id, status, payload, metadata, payload_schema_id,
                                     metadata_schema_id)
    SELECT 'acme', '${poolId}', id, 'active',
           jsonb_build_object('name', 'Person ' || n, 'given_name', 'Person', 'family_name', 'F' || n % 50),
           jsonb_build_object('badge', n, 'country', CASE n % 2 WHEN 0 THEN 'PL' ELSE 'DE' END,
                              'tags', jsonb_build_array('t' || n % 1000)), 'user_v0', 'metadata_v0'
      FROM (${ids}) i`);
  await knex.raw(`INSERT INTO identifiers (tenant_id, pool_id, user_id, identifier_id, type, identifier,
                                           identifier_lc, lookup_key)
    SELECT 'acme', '${poolId}', id, id, 'email', name, name, name
      FROM (SELECT id, 'person' || n || '@dep' || n % 1000 || '.example.com' AS name FROM (${ids}) i) named`);
  await knex.raw(`INSERT INTO verifiable_addresses (tenant_id, pool_id, user_id, address_id, type, address,
                                                    address_lc, lookup_key, verified)
    SELECT 'acme', '${poolId}', id, id, 'email', name, name, name, n % 2 = 0
      FROM (SELECT id, n, 'mail' || n || '@example.org' AS name FROM (${ids}) i) named`);
  await knex.raw(`INSERT INTO credentials (tenant_id, pool_id, user_id, credential_id, type, secret)
    SELECT 'acme', '${poolId}', id, id, 'password', 'x' FROM (${ids}) i`);
}

const list = async (filter: object, at: object = page): Promise<string[]> =>
  (await test.domain.users.list(pool, filter, { ...page, ...at })).map(({ id }) => id);

describe(`a pool of ${PEOPLE} people`, () => {
  it.each<[string, object, object, string[]]>([
    ['the first page', {}, {}, [idOf(1), idOf(2), idOf(3)]],
    ['a far page', {}, { after: idOf(30_000) }, [idOf(30_001), idOf(30_002), idOf(30_003)]],
    ['the last page, backwards', {}, { order: 'desc' }, [idOf(50_000), idOf(49_999), idOf(49_998)]],
    ['by id', { userKey: idOf(7) }, {}, [idOf(7)]],
    ['by the beginning of a name', { userKey: 'PERSON4321' }, {}, [idOf(4321), idOf(43_210), idOf(43_211)]],
    ['by the end of a name', { userKey: '@dep7.example.com' }, {}, [idOf(7), idOf(1007), idOf(2007)]],
    [
      'by the end, further on',
      { userKey: '@dep7.example.com' },
      { after: idOf(1007) },
      [idOf(2007), idOf(3007), idOf(4007)],
    ],
    ['by the end, before', { userKey: '@dep7.example.com' }, { before: idOf(2007) }, [idOf(7), idOf(1007)]],
    ['by a verified address', { userKey: 'mail4444@' }, {}, [idOf(4444)]],
    ['by nobody’s address, unverified', { userKey: 'mail4443@' }, {}, []],
    [
      'by an end that all share',
      { userKey: '.example.com' },
      { after: idOf(40_000) },
      [idOf(40_001), idOf(40_002), idOf(40_003)],
    ],
    ['by payload', { payload: { name: 'Person 123' } }, {}, [idOf(123)]],
    [
      'by payload of many',
      { payload: { given_name: 'Person' } },
      { after: idOf(20_000) },
      [idOf(20_001), idOf(20_002), idOf(20_003)],
    ],
    ['by metadata', { metadata: { badge: 99 } }, {}, [idOf(99)]],
    [
      'by what a list contains',
      { metadata: { tags: ['t5'] } },
      { after: idOf(5) },
      [idOf(1005), idOf(2005), idOf(3005)],
    ],
    ['by metadata of half of them', { metadata: { country: 'PL' } }, {}, [idOf(2), idOf(4), idOf(6)]],
    [
      'by several',
      { userKey: '@dep8.example.com', payload: { family_name: 'F8' }, metadata: { country: 'PL' } },
      {},
      [idOf(8), idOf(1008), idOf(2008)],
    ],
    ['by what nobody has', { payload: { name: 'Nobody' } }, {}, []],
    ['by what only people of another pool have', { userKey: 'x000001' }, {}, []],
  ])('lists %s, reading no table whole', async (_, filter, at, expected) => {
    expect(await list(filter, at)).toEqual(expected);
    const statements = await explaining(test.db, () => list(filter, at));
    expect(statements.length).toBeGreaterThanOrEqual(1);
    expect(statements.length).toBeLessThanOrEqual(3);
    expect(
      statements.flatMap(({ plan }) => tablesReadWhole(plan)).filter((table) => TABLES.includes(table)),
    ).toEqual([]);
  });

  it('costs the same on page 16,000 as on the first one', async () => {
    const cost = async (at: object, filter: object = {}) => {
      const statements = await explaining(test.db, () => list(filter, at), { analyze: true });
      return statements.reduce((sum, { plan }) => sum + pagesRead(plan), 0);
    };
    const first = await cost({});
    expect(first).toBeGreaterThan(0);
    // A level of an index more or less.
    expect(await cost({ after: idOf(48_000) })).toBeLessThan(first * 1.5);
    expect(await cost({ before: idOf(48_000) })).toBeLessThan(first * 1.5);
    const filter = { metadata: { country: 'PL' } };
    expect(await cost({ after: idOf(48_000) }, filter)).toBeLessThan((await cost({}, filter)) * 1.5);
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      'creates a person',
      () =>
        test.domain.users.create(
          pool,
          {
            status: 'active',
            payload: person('New'),
            identifiers: [{ identifier: `n${Math.random()}@example.com`, type: 'email' }],
            addresses: [{ address: `n${Math.random()}@example.com`, type: 'email', verified: true }],
          },
          SYSTEM_ACTOR,
        ),
    ],
    ['reads a person', () => test.domain.users.get(one(17))],
    [
      'finds by identifier',
      () => test.domain.users.getByKey(pool, { identifier: 'person17@dep17.example.com' }),
    ],
    ['finds by address', () => test.domain.users.getByKey(pool, { address: 'mail18@example.org' })],
    ['changes a person', () => test.domain.users.update(one(19), { metadata: { badge: 19 } }, SYSTEM_ACTOR)],
    [
      'adds an identifier',
      () =>
        test.domain.identifiers.add(
          one(20),
          { identifier: `i${Math.random()}@example.com`, type: 'email' },
          SYSTEM_ACTOR,
        ),
    ],
    [
      'verifies an address',
      () =>
        test.domain.addresses.update(
          one(21),
          { address: 'mail21@example.org', status: 'active', verified: true },
          SYSTEM_ACTOR,
        ),
    ],
    ['removes a person', () => test.domain.users.remove(one(22), SYSTEM_ACTOR)],
    ['counts its people', () => test.domain.pools.get(pool)],
  ])('%s, reading no table whole', async (_, work) => {
    const statements = await explaining(test.db, work);
    expect(statements.length).toBeGreaterThanOrEqual(1);
    expect(
      statements.flatMap(({ plan }) => tablesReadWhole(plan)).filter((table) => TABLES.includes(table)),
    ).toEqual([]);
  });
});

describe('statements that reach the database (beside BEGIN and COMMIT)', () => {
  const during = async (work: () => Promise<unknown>): Promise<string[]> =>
    (await log.during(work)).statements.filter((text) => !/^(?:BEGIN|COMMIT)/i.test(text));

  it('creating somebody without a password: 3', async () => {
    const input = {
      status: 'active',
      payload: person('Counted'),
      identifiers: [{ identifier: 'counted@example.com', type: 'email' }],
      addresses: [{ address: 'counted@example.com', type: 'email', verified: true }],
    } as const;
    expect(await during(() => test.domain.users.create(pool, input, SYSTEM_ACTOR))).toHaveLength(3);
    const chosen = { id: 'chosen', status: 'active', payload: person('Chosen') } as const;
    expect(await during(() => test.domain.users.create(pool, chosen, SYSTEM_ACTOR))).toHaveLength(3);
  });

  it('reading somebody: 1', async () => {
    expect(await during(() => test.domain.users.get(one(5)))).toHaveLength(1);
    expect(
      await during(() => test.domain.users.getByKey(pool, { identifier: 'person5@dep5.example.com' })),
    ).toHaveLength(1);
  });

  it('changing somebody: no more under a schema of the tenant’s own', async () => {
    const { users, schemas } = test.domain;
    const metadata = { badge: 1 };
    const document = { type: 'object', properties: { badge: { type: 'number' } } };
    const own = await schemas.create({ tenantId: 'acme' }, { name: 'Own', document }, SYSTEM_ACTOR);
    const follows = await users.update(one(7), { metadata, metadataSchemaId: own.id }, SYSTEM_ACTOR);
    expect(follows.metadataSchemaId).toBe(own.id);
    const built = await during(() => users.update(one(8), { payload: person('Eight') }, SYSTEM_ACTOR));
    const owned = await during(() => users.update(one(7), { metadata: { badge: 2 } }, SYSTEM_ACTOR));
    expect(owned).toHaveLength(built.length);
    await expect(users.update(one(7), { metadata: { badge: 'x' } }, SYSTEM_ACTOR)).rejects.toThrow();
    const narrower = { name: 'Own', document: { type: 'object', properties: { badge: { maximum: 1 } } } };
    await schemas.update({ tenantId: 'acme', schemaId: own.id }, narrower, SYSTEM_ACTOR);
    await expect(users.update(one(7), { metadata: { badge: 2 } }, SYSTEM_ACTOR)).rejects.toThrow();
  });

  it('listing: 2, with conditions 3', async () => {
    expect(await during(() => list({}))).toHaveLength(2);
    expect(await during(() => list({ userKey: 'person', metadata: { country: 'PL' } }))).toHaveLength(3);
  });
});
