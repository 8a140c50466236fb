import type { Knex } from 'knex';
import { Client } from 'pg';
import { connectionSettings, type Database } from '../db/connection.ts';

const LOCK = 'weir first start';

/**
 * Lets one process after the other through a first start. The lock is the connection's: a process that is
 * killed gives it up.
 */
export async function oneAtATime<T>(db: Database, work: () => Promise<T>): Promise<T> {
  const client = new Client(connectionSettings(db.options, 0));
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [LOCK]);
    return await work();
  } finally {
    await client.end();
  }
}

export async function isDone(executor: Knex, step: string): Promise<boolean> {
  return (await executor('installation_steps').where({ step }).first('step')) !== undefined;
}

export async function markDone(executor: Knex, step: string): Promise<void> {
  await executor('installation_steps').insert({ step }).onConflict().ignore();
}
