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

/** Ids of the master keys that stored secrets are sealed under. Empty before the first migration. */
export async function sealingKeyIds(knex: Knex): Promise<string[]> {
  const { rows } = await knex.raw<{ rows: { present: boolean }[] }>(
    `select to_regclass('signing_keys') is not null as present`,
  );
  if (!rows[0]?.present) return [];
  // A sealed text is v1.<kid>.<nonce>.<ciphertext>.
  const used = await knex.raw<{ rows: { kid: string }[] }>(
    `select distinct split_part(private_jwk_sealed, '.', 2) as kid from signing_keys`,
  );
  return used.rows.map(({ kid }) => kid);
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
