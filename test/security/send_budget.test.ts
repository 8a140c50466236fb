import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSealer } from '../../src/security/seal.ts';
import { createSendBudget, type Sending } from '../../src/security/send_budget.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { watchStatements } from '../support/statements.ts';

const budget = createSendBudget(createSealer([{ kid: 'k1', key: randomBytes(32).toString('base64') }]));
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 20 });
});
afterAll(() => database.close());

let serial = 0;
/** A message to an address, and of a person, that no other test knows. */
function message(change: Partial<Sending> = {}): Sending {
  serial += 1;
  return {
    tenantId: 'acme',
    poolId: `pool-${serial}`,
    kind: 'reset_password',
    address: `somebody-${serial}@example.test`,
    user: `user-${serial}`,
    goesOut: true,
    source: undefined,
    byAdministrator: false,
    ...change,
  };
}

/** How many of so many messages, asked for at the same moment, go out. */
async function sent(count: number, make: (n: number) => Sending): Promise<number> {
  const taken = await Promise.all(
    Array.from({ length: count }, (_, n) => budget.take(database.db.knex, make(n))),
  );
  return taken.filter(Boolean).length;
}

// S-OTP-07.
describe('in an hour', () => {
  test('one address hears of one matter five times, however many ask at once', async () => {
    const one = message();
    expect(await sent(20, () => one)).toBe(5);
    expect(await sent(1, () => ({ ...one, kind: 'activation' }))).toBe(1);
    expect(await sent(1, () => ({ ...one, poolId: 'another pool' }))).toBe(1);
  });

  test('an administrator writes to it twenty times more, whatever strangers have asked for', async () => {
    const one = message();
    await sent(40, () => one);
    expect(await sent(25, () => ({ ...one, byAdministrator: true }))).toBe(20);
  });

  test('one person gets thirty messages, at whichever of their addresses', async () => {
    const one = message();
    expect(await sent(40, (n) => ({ ...one, address: `address-${n}@example.test` }))).toBe(30);
    expect(await sent(1, () => ({ ...one, user: 'somebody else', address: 'else@example.test' }))).toBe(1);
  });

  test('one source asks for a hundred, for whomever; of IPv6 it is the /64', async () => {
    const from = (n: number) => message({ source: `2001:db8:0:7::${(n + 1).toString(16)}` });
    expect(await sent(120, from)).toBe(100);
    expect(await sent(1, () => message({ source: '2001:db8:0:8::1' }))).toBe(1);
    // Whoever has a token of the tenant has no source, and is not held up by one.
    expect(await sent(1, () => message())).toBe(1);
  });

  test('one pool sends ten thousand; what goes to nobody counts apart, and in the same way', async () => {
    const poolId = 'flooded';
    const used = async (tries: number) =>
      database.db.knex('attempts').where({ tenant_id: 'acme', tries: 3 }).update({ tries });
    for (const goesOut of [true, false]) {
      const one = () => message({ poolId, goesOut });
      // The only counter that three different messages share.
      expect(await sent(3, one)).toBe(3);
      expect(await used(9_998)).toBe(1);
      expect(await sent(4, one)).toBe(2);
    }
    expect(await sent(1, () => message({ poolId, byAdministrator: true }))).toBe(1);
  });

  test('and in the next one again', async () => {
    const one = message();
    await sent(6, () => one);
    expect(await sent(1, () => one)).toBe(0);
    const { knex } = database.db;
    await knex('attempts').update({ blocked_until: knex.fn.now() });
    expect(await sent(6, () => one)).toBe(5);
  });
});

test('costs one statement, whether anything goes out or not, and keeps no address', async () => {
  const log = watchStatements();
  const one = message({ source: '192.0.2.9' });
  const costs: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    const { statements } = await log.during(() =>
      budget.take(database.db.knex, { ...one, goesOut: n % 2 === 0 }),
    );
    costs.push(statements.length);
  }
  log.stop();
  expect(costs).toEqual(costs.map(() => 1));
  const { rows } = await database.db.knex.raw('SELECT t::text AS row FROM attempts t');
  expect(rows.length).toBeGreaterThan(5);
  expect(JSON.stringify(rows)).not.toMatch(/somebody|192\.0\.2/);
});
