import type { Knex } from 'knex';

// Older versions lack what the queries use.
export const OLDEST_POSTGRES_MAJOR = 15;

/** Version and clock of the server, for `weir doctor`. `clockSkewMs` is its time minus ours. */
export async function databaseStatus(
  knex: Knex,
): Promise<{ major: number; version: string; clockSkewMs: number }> {
  const before = Date.now();
  const { rows } = await knex.raw<{ rows: { number: string; version: string; now: Date }[] }>(
    `select current_setting('server_version_num') as number, current_setting('server_version') as version,
            clock_timestamp() as now`,
  );
  const [row] = rows;
  if (!row) throw new Error('The database gave no answer');
  const clockSkewMs = row.now.getTime() - (before + Date.now()) / 2;
  return { major: Math.trunc(Number(row.number) / 10_000), version: row.version, clockSkewMs };
}

/** Whether the database answers at all. */
export async function databaseAnswers(knex: Knex): Promise<boolean> {
  try {
    await knex.raw('select 1');
    return true;
  } catch {
    return false;
  }
}
