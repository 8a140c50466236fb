import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, withClient } from '../../src/db/connection.ts';
import { DatabaseUnavailable, isUniqueViolation, violatedUniqueConstraint } from '../../src/db/errors.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase();
  await test.db.knex.raw('create table probe (id bigint primary key, word text)');
});
afterAll(() => test.close());

const backendPid = async () =>
  await withClient(test.db.knex, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return rows[0]?.pid;
  });

describe('a borrowed client', () => {
  it('runs named prepared statements with our connection settings', async () => {
    const row = await withClient(test.db.knex, async (client) => {
      const { rows } = await client.query({
        name: 'probe-settings',
        text: `select $1::int8 as small, $2::int8 as large, current_setting('application_name') as application,
                      current_setting('statement_timeout') as timeout`,
        values: [42, '9007199254740993'],
      });
      return rows[0];
    });
    expect(row).toEqual({ small: 42, large: '9007199254740993', application: 'weir', timeout: '10s' });
  });

  it("is the transaction's own inside a transaction, and refused after it", async () => {
    const trx = await test.db.knex.transaction();
    await trx('probe').insert({ id: 1, word: 'unseen' });
    const inside = await withClient(trx, (client) => client.query('select word from probe where id = 1'));
    const outside = await withClient(test.db.knex, (client) =>
      client.query('select 1 from probe where id = 1'),
    );
    await trx.rollback();
    expect(inside.rows).toEqual([{ word: 'unseen' }]);
    expect(outside.rows).toEqual([]);
    await expect(withClient(trx, (client) => client.query('select 1'))).rejects.toThrow(
      /transaction has ended/,
    );
  });

  it('goes back to the pool when the work fails', async () => {
    for (let round = 0; round < 10; round += 1) {
      await expect(withClient(test.db.knex, (client) => client.query('select nonsense'))).rejects.toThrow(
        /nonsense/,
      );
    }
    expect(await backendPid()).toBeTypeOf('number');
  });
});

describe('a transaction', () => {
  it('runs once more after a deadlock, and only once', async () => {
    let runs = 0;
    const deadlock = Object.assign(new Error('deadlock'), { code: '40P01' });
    const work = inTransaction(test.db, async () => {
      runs += 1;
      throw deadlock;
    });
    await expect(work).rejects.toBe(deadlock);
    expect(runs).toBe(2);
  });

  it('gets through when two of them lock the same rows in opposite order', async () => {
    await test.db.knex('probe').insert([
      { id: 10, word: '' },
      { id: 11, word: '' },
    ]);
    const lockBoth = (first: number, second: number) =>
      inTransaction(test.db, async (trx) => {
        for (const id of [first, second]) {
          await trx('probe')
            .where({ id })
            .update({ word: trx.raw("word || 'x'") });
          await trx.raw('select pg_sleep(0.05)');
        }
      });
    await Promise.all([lockBoth(10, 11), lockBoth(11, 10)]);
    expect(await test.db.knex('probe').whereIn('id', [10, 11]).pluck('word')).toEqual(['xx', 'xx']);
  });

  it('names the violated constraint and keeps bound values out of the message', async () => {
    await test.db.knex('probe').insert({ id: 20, word: 'first' });
    const error: unknown = await inTransaction(test.db, (trx) =>
      trx('probe').insert({ id: 20, word: 'very secret word' }),
    ).catch((reason: unknown) => reason);
    expect(violatedUniqueConstraint(error)).toBe('probe_pkey');
    expect(isUniqueViolation(error, 'probe_pkey')).toBe(true);
    expect(isUniqueViolation(error, 'other')).toBe(false);
    expect(String(error)).not.toContain('very secret word');
  });
});

describe('a database that goes away', () => {
  it('costs the queries in flight, not the process, and the pool recovers', async () => {
    const busy = test.db.knex.raw('select pg_sleep(10)').then(
      () => 'finished',
      () => 'failed',
    );
    await test.db.knex.raw('select 1');
    const other = openDatabase({ url: test.url });
    await other.knex.raw(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await other.close();
    expect(await busy).toBe('failed');
    expect(await backendPid()).toBeTypeOf('number');
  });

  it('is reported as DatabaseUnavailable within the time limit', async () => {
    const nowhere = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/nothing' });
    await expect(withClient(nowhere.knex, (client) => client.query('select 1'))).rejects.toBeInstanceOf(
      DatabaseUnavailable,
    );
    await expect(inTransaction(nowhere, (trx) => trx.raw('select 1'))).rejects.toBeInstanceOf(
      DatabaseUnavailable,
    );
    await nowhere.close();
  });

  it('is reported when no connection is free in time', async () => {
    const narrow = openDatabase({ url: test.url, poolMax: 1 });
    const holder = await narrow.knex.transaction();
    await expect(withClient(narrow.knex, (client) => client.query('select 1'))).rejects.toBeInstanceOf(
      DatabaseUnavailable,
    );
    await holder.rollback();
    await narrow.close();
  });

  it('ends a statement that takes too long', async () => {
    const hasty = openDatabase({ url: test.url, statementTimeoutMs: 100 });
    await expect(hasty.knex.raw('select pg_sleep(5)')).rejects.toThrow(/statement timeout/);
    await hasty.close();
  });
});
