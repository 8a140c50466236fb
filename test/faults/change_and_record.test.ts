import { randomInt } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, runNode } from '../support/child_process.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { freePort } from '../support/server.ts';

const SECRET = 'a management secret of the fault tests 01';
const POOL = '/api/identity/default/admin/pools/crash';

/** A server that is killed loses the answer, never one half of a change: both the change and its event, or neither. */
describe('a server that is killed between a change and its answer', () => {
  let database: TestDatabase;
  let server: Child;
  let url: string;
  let authorization: string;
  beforeAll(async () => {
    database = await createTestDatabase({ poolMax: 3 });
    await start();
    await send('POST', '/api/identity/default/admin/pools', { id: 'crash', name: 'Crash' });
    await send('POST', `${POOL}/groups`, { id: 'base', name: 'Base' });
    for (let n = 0; n < 10; n += 1) await send('POST', `${POOL}/users`, { id: `person-${n}`, status: 'new' });
  });
  afterAll(async () => {
    server.kill('SIGKILL');
    await server.ended;
    await database.close();
  });

  async function start(): Promise<void> {
    const port = await freePort();
    url = `http://localhost:${port}`;
    server = runNode('bin/weir.mjs', ['serve'], {
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      PUBLIC_URL: url,
      PORT: String(port),
      DEMO_PORT: '0',
      MASTER_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      COOKIE_KEYS: 'a cookie key for tests that is long enough',
      BOOTSTRAP_ADMIN_CLIENT_SECRET: SECRET,
    });
    await server.line(/ready after/);
    const answer = await fetch(`${url}/default/admin/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`management:${SECRET}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    authorization = `Bearer ${((await answer.json()) as { access_token: string }).access_token}`;
  }

  /** The status, or 0 when no answer came. */
  const send = (method: string, path: string, body?: object): Promise<number> =>
    fetch(url + path, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).then(
      ({ status }) => status,
      () => 0,
    );

  /** Creates a group under a key of the caller's. */
  const sendKeyed = (name: string, waitMs = 10_000): Promise<number> =>
    fetch(`${url}${POOL}/groups`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', 'x-idempotency-key': 'k'.repeat(32) },
      body: JSON.stringify({ name }),
      signal: AbortSignal.timeout(waitMs),
    }).then(
      ({ status }) => status,
      () => 0,
    );

  /** One change of each kind. */
  const changes = (tag: string) => [
    () => send('POST', `${POOL}/groups`, { id: `group-${tag}`, name: `Group ${tag}` }),
    () => send('POST', `${POOL}/users`, { id: `user-${tag}`, status: 'new' }),
    () => send('PUT', `${POOL}/groups/base/users/person-${tag.length % 10}`),
    () =>
      send('POST', '/api/admin/default/pools/crash/roles/grant', {
        type: 'identity_pool_user',
        identity_pool_id: 'crash',
        identity_pool_user_id: `person-${(tag.length + 5) % 10}`,
        role: 'user_manager',
      }),
  ];

  /** What is there without an event, and what an event tells of that is not there. */
  async function halves(): Promise<string[]> {
    const { rows } = await database.db.knex.raw<{ rows: { thing: string }[] }>(`
      WITH there AS (
        SELECT 'group ' || group_id AS thing FROM groups WHERE pool_id = 'crash'
        UNION ALL SELECT 'user ' || user_id FROM users WHERE pool_id = 'crash'
        UNION ALL SELECT 'member ' || user_id FROM group_members WHERE pool_id = 'crash'
        UNION ALL SELECT 'role ' || subject_id FROM role_grants WHERE resource_id = 'crash'),
      told AS (
        SELECT CASE event_subject || ' ' || action
                 WHEN 'group created' THEN 'group ' || (metadata ->> 'group_id')
                 WHEN 'user created' THEN 'user ' || (metadata ->> 'affected_user_id')
                 WHEN 'user added_to_group' THEN 'member ' || (metadata ->> 'affected_user_id')
                 WHEN 'role granted' THEN 'role ' || (metadata ->> 'affected_user_id') END AS thing
          FROM audit_events WHERE metadata ->> 'identity_pool_id' = 'crash')
      (SELECT 'untold: ' || thing AS thing FROM (SELECT thing FROM there EXCEPT ALL SELECT thing FROM told) a)
      UNION ALL
      (SELECT 'untrue: ' || thing FROM
        (SELECT thing FROM told WHERE thing IS NOT NULL EXCEPT ALL SELECT thing FROM there) b)`);
    return rows.map(({ thing }) => thing);
  }

  /** Waits until nothing of the killed server is left in the database. */
  const gone = () =>
    expect
      .poll(
        async () => {
          const { rows } = await database.db.knex.raw<{ rows: { left: number }[] }>(
            `SELECT count(*) AS left FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'weir' AND pid <> pg_backend_pid()
                AND pid <> ALL (SELECT pid FROM pg_stat_activity WHERE state = 'idle')`,
          );
          return rows[0]?.left;
        },
        { timeout: 5_000, interval: 50 },
      )
      .toBe(0);

  it('while every change waits for its event', async () => {
    expect(await halves()).toEqual([]);
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE audit_events IN EXCLUSIVE MODE');
    const answers = Promise.all(changes('held').map((change) => change()));
    await expect
      .poll(
        async () => {
          const { rows } = await database.db.knex.raw<{ rows: { waiting: number }[] }>(
            `SELECT count(*) AS waiting FROM pg_locks
              WHERE relation = 'audit_events'::regclass AND NOT granted`,
          );
          return rows[0]?.waiting;
        },
        { timeout: 5_000, interval: 20 },
      )
      .toBe(4);
    server.kill('SIGKILL');
    await server.ended;
    expect(await answers).toEqual([0, 0, 0, 0]);
    await holder.query('COMMIT');
    await holder.end();
    await gone();
    expect(await halves()).toEqual([]);
    expect(await database.db.knex('groups').where({ group_id: 'group-held' })).toEqual([]);
  });

  /** A keyed request whose effect is there and whose answer cannot be kept; `lose` makes that final after a kill. */
  async function withAnswerHeld(name: string): Promise<{ answer: Promise<number>; lose(): Promise<void> }> {
    const [events, answers] = [new Client(database.url), new Client(database.url)];
    await Promise.all([events.connect(), answers.connect()]);
    await events.query('BEGIN; LOCK TABLE audit_events IN EXCLUSIVE MODE');
    const answer = sendKeyed(name);
    await answers.query('BEGIN');
    await expect
      .poll(async () => (await answers.query('SELECT FROM idempotent_answers FOR UPDATE')).rowCount)
      .toBe(1);
    await events.query('COMMIT');
    await events.end();
    await expect.poll(() => database.db.knex('groups').where({ name })).toHaveLength(1);
    return {
      answer,
      async lose() {
        // The database would still carry out what it was sent.
        await answers.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND state = 'active' AND query LIKE 'update "idempotent_answers"%'`);
        await answers.query('COMMIT');
        await answers.end();
      },
    };
  }

  it('at any moment of a busy time', async () => {
    await start();
    const held = await withAnswerHeld('Once');
    let acknowledged = 0;
    const busy = Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        for (let n = 0; ; n += 1) {
          for (const change of changes(`${worker}${'x'.repeat(n % 10)}${n}`)) {
            const status = await change();
            if (status === 0) return;
            if (status < 300) acknowledged += 1;
          }
        }
      }),
    );
    const busyEnough = 10 + randomInt(40);
    await expect.poll(() => acknowledged, { interval: 5 }).toBeGreaterThan(busyEnough);
    server.kill('SIGKILL');
    await Promise.all([server.ended, busy]);
    expect(await held.answer).toBe(0);
    await held.lose();
    await gone();
    expect(await halves()).toEqual([]);
  });

  it('and repeats nothing under a key whose answer is lost', async () => {
    await start();
    // What the answer was nobody knows: who asks again waits, gets 409, and may look, or come back after the minute.
    expect(await sendKeyed('Once', 500)).toBe(0);
    expect(await sendKeyed('Another')).toBe(422);
    expect(await database.db.knex('groups').where({ name: 'Once' })).toHaveLength(1);
    expect(await halves()).toEqual([]);
  });
});
