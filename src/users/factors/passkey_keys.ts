import type { Knex } from 'knex';
import { relyingPartyOf, type NewPasskey } from '../../credentials/passkeys.ts';
import { readPasskeyRecord, type PasskeyRecord } from '../../credentials/passkey_record.ts';
import { findPasskey, insertPasskey, keepKeyRing } from '../../credentials/passkeys_store.ts';
import { type DomainError, invalid, refuseAny, type Issue } from '../../domain_error.ts';
import type { PoolScope } from '../../pools/pool.ts';
import type { UserScope } from '../user.ts';

// More than anyone carries.
const MAX_GIVEN = 20;

/**
 * The keys that a trusted caller gives as records of ceremonies it has run. Throws `DomainError` 422 below
 * `pointer` for records that are no keys, or are of another host.
 */
export function requirePasskeyRecords(
  publicUrl: string,
  records: readonly PasskeyRecord[],
  pointer: string,
): NewPasskey[] {
  if (records.length > MAX_GIVEN) throw invalid(pointer, `must not hold more than ${MAX_GIVEN} entries`);
  const party = relyingPartyOf(publicUrl);
  const issues: Issue[] = [];
  const keys: NewPasskey[] = [];
  for (const [index, record] of records.entries()) {
    const read = readPasskeyRecord(party, record);
    if (typeof read === 'string') issues.push({ pointer: `${pointer}/${index}`, message: read });
    else keys.push(read);
  }
  refuseAny(issues, 'passkey_refused');
  return keys;
}

/** Throws `DomainError` 422 at `pointer` for a key that the pool knows already; `addPasskeys` decides. */
export async function refuseKnownKeys(
  executor: Knex,
  scope: PoolScope,
  keys: readonly NewPasskey[],
  pointer = '',
): Promise<void> {
  for (const { id } of keys) {
    if ((await findPasskey(executor, scope, id)) !== undefined) throw knownKey(pointer);
  }
}

const knownKey = (pointer: string): DomainError =>
  invalid(pointer, 'this passkey is registered already', 'passkey_known');

/**
 * Adds keys to a person's. Throws `DomainError` 422 at `pointer` for a key that the pool knows already, whoever's
 * it is (S-WA-06).
 */
export async function addPasskeys(
  tx: Knex.Transaction,
  scope: UserScope,
  keys: readonly NewPasskey[],
  pointer = '',
): Promise<void> {
  for (const key of keys) {
    if (!(await insertPasskey(tx, scope, key))) throw knownKey(pointer);
  }
  if (keys.length > 0) await keepKeyRing(tx, scope);
}

/**
 * Registers keys from the records of a trusted caller, in the caller's transaction: at creation, at activation
 * and by a code. The record and the notice of it are the caller's.
 */
export async function registerPasskeys(
  tx: Knex.Transaction,
  scope: UserScope,
  publicUrl: string,
  records: readonly PasskeyRecord[],
  pointer: string,
): Promise<void> {
  await addPasskeys(tx, scope, requirePasskeyRecords(publicUrl, records, pointer), pointer);
}
