import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { invalid } from '../domain_error.ts';
import type { CountedPool } from '../pools/pool.ts';
import { findPool } from '../pools/pool_store.ts';
import type { Schema } from '../schemas/schema.ts';
import { listSchemas } from '../schemas/schema_store.ts';
import type { FullUser } from '../users/user.ts';
import * as store from './configuration_export_store.ts';

/** What a tenant has made of itself. Hashes and secrets stay; pools of the system and their people are left out. */
export type ExportedConfiguration = {
  readonly pools: readonly CountedPool[];
  readonly schemas: readonly Schema[];
  readonly users: readonly FullUser[];
  readonly groups: readonly store.PlacedGroup[];
  readonly members: readonly store.Membership[];
};

// What fits into one answer. More people leave as a stream.
const MAX_ROWS = 1_000;
// Of what people and schemas hold: a request that changes the document has it in memory several times.
const MAX_MIB = 8;

/**
 * The configuration of a tenant at one moment. Throws `DomainError` 422 for a tenant with more than 1,000 people,
 * pools, groups or memberships, or whose people and schemas hold more than 8 MiB.
 */
export async function exportConfiguration(
  db: Database,
  scope: { readonly tenantId: string },
): Promise<ExportedConfiguration> {
  return inTransaction(db, async (tx) => {
    await store.readOneMoment(tx);
    const bytes = await store.weighContents(tx, scope, MAX_ROWS + 1);
    if (bytes > MAX_MIB * 1024 ** 2) throw tooLarge();
    const poolIds = bounded(await store.listOwnPoolIds(tx, scope, MAX_ROWS + 1), 'pools');
    return {
      pools: await readPools(tx, scope, poolIds),
      schemas: (await listSchemas(tx, scope)).filter(({ system }) => !system),
      users: bounded(await store.listPeople(tx, scope, MAX_ROWS + 1), 'users'),
      groups: bounded(await store.listGroups(tx, scope, MAX_ROWS + 1), 'groups'),
      members: bounded(await store.listMemberships(tx, scope, MAX_ROWS + 1), 'group_members'),
    };
  });
}

async function readPools(
  tx: Knex.Transaction,
  { tenantId }: { readonly tenantId: string },
  poolIds: readonly string[],
): Promise<CountedPool[]> {
  const pools: CountedPool[] = [];
  for (const poolId of poolIds) {
    const pool = await findPool(tx, { tenantId, poolId });
    if (pool !== undefined) pools.push(pool);
  }
  return pools;
}

const tooLarge = () =>
  invalid(
    '',
    `holds more than ${MAX_MIB} MiB of people and schemas, which is more than one document carries: export the people of each pool as a stream`,
    'too_large',
  );

function bounded<T>(rows: T[], what: string): T[] {
  if (rows.length <= MAX_ROWS) return rows;
  throw invalid(
    `/${what}`,
    `are more than ${MAX_ROWS}, which is more than one document holds: export the people of each pool as a stream`,
    'too_many',
  );
}
