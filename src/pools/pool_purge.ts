import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { deletedPools, purgePoolRow, purgeUsers } from './pool_purge_store.ts';
import type { PoolScope } from './pool.ts';

// Each batch is one short transaction, far below the statement timeout, and may be killed anywhere.
const BATCH_USERS = 500;
const BATCH_POOLS = 100;

/**
 * Removes the rows of deleted pools, batch by batch. Safe on several processes at once and to be killed at any
 * point: what is left is found again. Gives how many pools are gone.
 */
export async function purgeDeletedPools(db: Database): Promise<number> {
  let purged = 0;
  for (const scope of await deletedPools(db.knex, BATCH_POOLS)) {
    if (await purgePool(db, scope)) purged += 1;
  }
  return purged;
}

/** Removes one deleted pool. False when another process is at it, or something still refers to it. */
export async function purgePool(db: Database, scope: PoolScope): Promise<boolean> {
  while ((await inTransaction(db, (tx) => purgeUsers(tx, scope, BATCH_USERS))) > 0);
  return inTransaction(db, (tx) => purgePoolRow(tx, scope));
}
