import { randomBytes } from 'node:crypto';
import { Client, type QueryConfig } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openDatabase, withClient, type Database } from '../../src/db/connection.ts';
import {
  createAttempts,
  defaultLimit,
  type Attempt,
  type CountOutcome,
} from '../../src/security/attempts.ts';
import { createKnownBrowsers } from '../../src/security/known_browser.ts';
import { createSealer } from '../../src/security/seal.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

const sealer = createSealer([{ kid: 'k1', key: randomBytes(32).toString('base64') }]);
const attempts = createAttempts(sealer, { sourceLimit: 100 });
const knownBrowsers = createKnownBrowsers(sealer);
const limit = { maxAttempts: 5, blockSeconds: 300 };

let database: TestDatabase;
let db: Database;
let otherNode: Database;

beforeAll(async () => {
  database = await createTestDatabase({ poolMax: 40 });
  db = database.db;
  otherNode = openDatabase({ url: database.url, poolMax: 40 });
});

afterAll(async () => {
  await otherNode?.close();
  await database?.close();
});

let serial = 0;
/** A try at an account nobody tried before, from an address nobody used before. */
function fresh(change: Partial<Attempt> = {}): Attempt {
  serial += 1;
  const source = `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`;
  return {
    tenantId: 'acme',
    poolId: 'staff',
    kind: 'identity_authentication',
    subject: `user-${serial}`,
    source,
    ...change,
  };
}

const begin = (attempt: Attempt, on: Database = db) => attempts.beginAttempt(on, attempt, limit);

async function fail(attempt: Attempt, times: number): Promise<CountOutcome[]> {
  const outcomes: CountOutcome[] = [];
  for (let i = 0; i < times; i++) outcomes.push(await begin(attempt));
  return outcomes;
}

async function succeed(attempt: Attempt): Promise<void> {
  const outcome = await begin(attempt);
  if (!outcome.allowed) throw new Error('the try was refused');
  await attempts.succeedAttempt(db.knex, outcome.counted);
}

const allowed = (outcomes: CountOutcome[]) => outcomes.filter((outcome) => outcome.allowed).length;

/** Lets time pass for all counters, in the only clock that counts. */
const passSeconds = (seconds: number) =>
  db.knex.raw(
    `UPDATE attempts SET first_at = first_at - make_interval(secs => ?), last_at = last_at - make_interval(secs => ?),
       blocked_until = blocked_until - make_interval(secs => ?)`,
    [seconds, seconds, seconds],
  );

describe('guessing at one account', () => {
  test('is stopped after five failures in a row, for five minutes by default', async () => {
    expect(defaultLimit('identity_authentication')).toEqual({ maxAttempts: 5, blockSeconds: 300 });
    const attempt = fresh();
    const outcomes = await fail(attempt, 7);
    expect(outcomes.map((outcome) => outcome.allowed)).toEqual([true, true, true, true, true, false, false]);
    expect(outcomes[5]).toMatchObject({ allowed: false, blockedBy: 'account' });
    const refusal = outcomes[6] as CountOutcome & { allowed: false };
    expect(refusal.retryAfterSeconds).toBeGreaterThan(290);
    expect(refusal.retryAfterSeconds).toBeLessThanOrEqual(300);
    expect(refusal.blockedUntil.getTime()).toBeGreaterThan(Date.now() + 200_000);
  });

  test('goes on with five more once the block has passed, however often it was tried meanwhile', async () => {
    const attempt = fresh();
    await fail(attempt, 20);
    await passSeconds(299);
    expect(allowed(await fail(attempt, 3))).toBe(0);
    await passSeconds(2);
    expect(allowed(await fail(attempt, 8))).toBe(5);
  });

  test('starts again at zero after a success, and only then', async () => {
    const attempt = fresh();
    await fail(attempt, 4);
    await succeed(attempt);
    await fail(attempt, 4);
    await passSeconds(3600);
    expect(allowed(await fail(attempt, 4))).toBe(1);
  });

  test('is forgotten after a day without a try', async () => {
    const attempt = fresh();
    await fail(attempt, 4);
    await passSeconds(24 * 3600);
    expect(allowed(await fail(attempt, 6))).toBe(5);
  });

  test('is unlimited where the tenant has switched the limit off, but not for its source', async () => {
    const attempt = fresh();
    const off = { maxAttempts: 0, blockSeconds: 0 };
    const outcomes: CountOutcome[] = [];
    for (let i = 0; i < 103; i++) outcomes.push(await attempts.beginAttempt(db, attempt, off));
    expect(allowed(outcomes)).toBe(100);
    expect(outcomes.at(-1)).toMatchObject({ blockedBy: 'source' });
  });

  test('is counted apart for every tenant, pool, kind and person', async () => {
    const attempt = fresh();
    await fail(attempt, 5);
    const others: Partial<Attempt>[] = [
      { tenantId: 'other' },
      { poolId: 'other' },
      { kind: 'mfa' },
      { subject: 'other' },
    ];
    for (const change of others) expect((await begin({ ...attempt, ...change })).allowed).toBe(true);
    expect((await begin(attempt)).allowed).toBe(false);
  });

  test('has no limit that a crafted name could share with somebody else', async () => {
    await fail(fresh({ poolId: 'a', subject: 'b/c' }), 5);
    expect((await begin(fresh({ poolId: 'a/b', subject: 'c' }))).allowed).toBe(true);
    expect((await begin(fresh({ poolId: 'a', subject: 'b' }))).allowed).toBe(true);
  });
});

describe('parallel guesses', () => {
  test('of 200 at one account on two nodes, at most five are evaluated', async () => {
    for (let round = 0; round < 5; round++) {
      const { subject } = fresh();
      const tries = Array.from({ length: 200 }, (_, i) => begin(fresh({ subject }), i % 2 ? db : otherNode));
      const outcomes = await Promise.all(tries);
      expect(allowed(outcomes)).toBe(5);
      for (const outcome of outcomes) {
        if (!outcome.allowed) expect(outcome.retryAfterSeconds).toBeGreaterThan(290);
      }
      expect((await begin(fresh({ subject }))).allowed).toBe(false);
    }
  });

  test('after a block has passed are again at most five', async () => {
    const { subject } = fresh();
    await fail(fresh({ subject }), 5);
    await passSeconds(301);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => begin(fresh({ subject }))));
    expect(allowed(outcomes)).toBe(5);
  });

  test('from one source at a thousand accounts: at most a hundred are evaluated', async () => {
    const { source } = fresh();
    const outcomes = await Promise.all(
      Array.from({ length: 400 }, (_, i) => begin(fresh({ source }), i % 2 ? db : otherNode)),
    );
    expect(allowed(outcomes)).toBe(100);
  });

  test('mixed with successes, from shared addresses, never end in a deadlock or a refusal of the right', async () => {
    const sources = [fresh().source, fresh().source];
    const people = Array.from({ length: 10 }, () => fresh().subject);
    const signIns = Array.from({ length: 200 }, async (_, i) => {
      const attempt = fresh({ source: sources[i % 2], subject: people[i % 10]! });
      const outcome = await attempts.beginAttempt(i % 3 ? db : otherNode, attempt, {
        maxAttempts: 50,
        blockSeconds: 300,
      });
      if (outcome.allowed) await attempts.succeedAttempt(db.knex, outcome.counted);
      return outcome;
    });
    const outcomes = await Promise.all(signIns);
    // In flight at once they may fill the source's limit; nothing of it stays.
    expect(allowed(outcomes)).toBeGreaterThan(100);
    for (const source of sources) {
      const later = await Promise.all(Array.from({ length: 100 }, () => begin(fresh({ source }))));
      expect(allowed(later)).toBe(100);
    }
  });
});

describe('a source address', () => {
  test('is stopped after its limit of wrong guesses at any accounts and kinds, for five minutes', async () => {
    const { source } = fresh();
    for (let i = 0; i < 100; i++) {
      expect((await begin(fresh({ source, kind: i % 2 ? 'mfa' : 'identity_code_verify' }))).allowed).toBe(
        true,
      );
    }
    const refusal = await begin(fresh({ source }));
    expect(refusal).toMatchObject({ allowed: false, blockedBy: 'source' });
    expect((await begin(fresh({ source, tenantId: 'other' }))).allowed).toBe(true);
    await passSeconds(301);
    expect((await begin(fresh({ source }))).allowed).toBe(true);
  });

  test('counts wrong guesses of the last five minutes only, and no successes', async () => {
    const { source } = fresh();
    for (let i = 0; i < 99; i++) await begin(fresh({ source }));
    for (let i = 0; i < 20; i++) await succeed(fresh({ source }));
    await passSeconds(301);
    for (let i = 0; i < 100; i++) expect((await begin(fresh({ source }))).allowed).toBe(true);
  });

  test('is the whole /64 of an IPv6 address, and one address however it is written', async () => {
    const network = `2001:db8:${randomBytes(2).toString('hex')}:7`;
    for (let i = 0; i < 100; i++) await begin(fresh({ source: `${network}:${i.toString(16)}::1` }));
    expect((await begin(fresh({ source: `${network.toUpperCase()}::abcd` }))).allowed).toBe(false);
    const { source } = fresh();
    for (let i = 0; i < 100; i++) await begin(fresh({ source: i % 2 ? source : `::ffff:${source}` }));
    expect((await begin(fresh({ source }))).allowed).toBe(false);
  });

  test('that is blocked cannot block accounts any further', async () => {
    const { source } = fresh();
    for (let i = 0; i < 100; i++) await begin(fresh({ source }));
    const victim = fresh();
    await fail({ ...victim, source }, 50);
    expect(allowed(await fail(victim, 6))).toBe(5);
  });

  test('ends where it insists on a blocked account: those guesses cost a hash like any other', async () => {
    const attempt = fresh();
    const outcomes = await fail(attempt, 110);
    expect(allowed(outcomes)).toBe(5);
    const blockedBy = outcomes.map((outcome) => (outcome.allowed ? 'nobody' : outcome.blockedBy));
    expect(blockedBy.slice(5, 100)).toEqual(Array.from({ length: 95 }, () => 'account'));
    expect(blockedBy.slice(100)).toEqual(Array.from({ length: 10 }, () => 'source'));
  });
});

describe('a browser that the person has signed in with before', () => {
  const owner = (attempt: Attempt) => ({
    tenantId: attempt.tenantId,
    poolId: attempt.poolId,
    userId: attempt.subject,
  });

  test('stays open to its owner through a thousand wrong guesses of a stranger, even from the same address', async () => {
    const attempt = fresh();
    await succeed(attempt);
    const cookie = knownBrowsers.remember(undefined, owner(attempt));
    await fail(attempt, 1000);
    for (let i = 0; i < 200; i++) await begin(fresh({ source: attempt.source }));
    expect((await begin(attempt)).allowed).toBe(false);

    const browser = knownBrowsers.recognize(cookie, owner(attempt));
    expect(browser).toBeDefined();
    await succeed({ ...attempt, browser });
    expect((await begin(attempt)).allowed).toBe(false);
  });

  test('has five guesses of its own and is then blocked like any other', async () => {
    const attempt = fresh({ browser: 'browser-1' });
    expect(allowed(await fail(attempt, 50))).toBe(5);
    expect((await begin({ ...attempt, browser: 'browser-2' })).allowed).toBe(true);
    expect((await begin({ ...attempt, browser: undefined })).allowed).toBe(true);
  });

  test('of one person gives no guesses at another', async () => {
    const [mine, victim] = [fresh(), fresh()];
    const cookie = knownBrowsers.remember(undefined, owner(mine));
    expect(knownBrowsers.recognize(cookie, owner(victim))).toBeUndefined();
  });
});

describe('a counted try', () => {
  test('outlives a crash: it is committed before the guess is looked at', async () => {
    const attempt = fresh();
    await expect(
      db.knex.transaction(async (trx) => {
        await begin(attempt, { ...db, knex: trx });
      }),
    ).rejects.toThrow('outside of transactions');
    await fail(attempt, 5);
    const reborn = openDatabase({ url: database.url });
    try {
      expect((await begin(attempt, reborn)).allowed).toBe(false);
    } finally {
      await reborn.close();
    }
  });

  test('that was never evaluated is taken back from both sides, and a block it made with it', async () => {
    const attempt = fresh();
    await fail(attempt, 4);
    for (let i = 0; i < 200; i++) {
      const outcome = await begin(attempt);
      expect(outcome.allowed).toBe(true);
      if (outcome.allowed) await attempts.withdrawAttempt(db.knex, outcome.counted);
    }
    expect((await begin(attempt)).allowed).toBe(true);
    expect((await begin(attempt)).allowed).toBe(false);
  });

  test('cannot be taken back from a later run of tries', async () => {
    const attempt = fresh();
    const first = await begin(attempt);
    await succeed(attempt);
    await fail(attempt, 3);
    if (first.allowed) await attempts.withdrawAttempt(db.knex, first.counted);
    expect(allowed(await fail(attempt, 5))).toBe(2);
  });

  test('is settled inside the statement of a caller, and with it or not at all', async () => {
    const attempt = fresh();
    await fail(attempt, 3);
    const outcome = await begin(attempt);
    if (!outcome.allowed) throw new Error('refused');
    const { sql, values } = attempts.successPart(outcome.counted, 2);
    const settle = (answer: string) =>
      withClient(db.knex, (client) => client.query(`WITH ${sql} SELECT ${answer} AS answer`, [8, ...values]));
    await expect(settle('$1::int / 0')).rejects.toThrow('division by zero');
    const { rows } = await settle('$1::int');
    expect(rows).toEqual([{ answer: 8 }]);
    expect(allowed(await fail(attempt, 8))).toBe(5);
  });

  test('costs one statement, the same for known and unknown names, and one more for a success', async () => {
    const query = vi.spyOn(Client.prototype, 'query');
    const statements = async (action: () => Promise<unknown>) => {
      query.mockClear();
      await action();
      return query.mock.calls.map(([config]) => (config as unknown as QueryConfig).text);
    };
    const known = fresh({ subject: 'user-id' });
    const unknown = fresh({ subject: 'nobody@example.test' });
    const count = await statements(() => begin(known));
    expect(count).toHaveLength(1);
    expect(await statements(() => begin(unknown))).toEqual(count);
    expect(await statements(() => succeed(known))).toHaveLength(2);
    await fail(known, 5);
    expect(await statements(() => begin(known))).toEqual(count);
  });

  test('from a blocked source writes nothing, so that hammering at the block is cheap', async () => {
    const attempt = fresh();
    await fail(attempt, 100);
    const before = await rowVersions();
    expect(allowed(await fail(attempt, 20))).toBe(0);
    expect(await rowVersions()).toEqual(before);
  });

  test('keeps nothing of what was typed', async () => {
    const attempt = fresh({ subject: 'correct horse battery staple' });
    await begin(attempt);
    const { rows } = await db.knex.raw<{ rows: { text: string }[] }>(
      'SELECT attempts::text AS text FROM attempts',
    );
    const dump = rows.map((row) => row.text).join('\n');
    expect(dump).toContain('h1.k1.');
    expect(dump).not.toContain('correct horse');
    expect(dump).not.toContain(attempt.source);
  });

  test('is swept away a day after the last try of its counter, but not while it blocks', async () => {
    await db.knex.raw('TRUNCATE attempts');
    const [old, blocked, recent] = [
      fresh({ source: undefined }),
      fresh({ source: undefined }),
      fresh({ source: undefined }),
    ];
    await begin(old);
    for (let i = 0; i < 2; i++)
      await attempts.beginAttempt(db, blocked, { maxAttempts: 1, blockSeconds: 7 * 86_400 });
    await passSeconds(86_401);
    await begin(recent);
    expect(await attempts.sweep(db.knex, 100)).toBe(1);
    expect(await attempts.sweep(db.knex, 100)).toBe(0);
    expect((await begin(blocked)).allowed).toBe(false);
  });
});

/** Every row with the transaction that wrote it and the last one that locked it. */
async function rowVersions(): Promise<unknown[]> {
  const { rows } = await db.knex.raw<{ rows: unknown[] }>(
    'SELECT key, ctid::text, xmin::text, xmax::text FROM attempts ORDER BY key',
  );
  return rows;
}
