import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { canonicalIdentifier } from '../../credentials/identifier.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { Actor } from '../../events/audit.ts';
import type { Pool } from '../../pools/pool.ts';
import type { Sealer } from '../../security/seal.ts';
import { endAccess } from '../../sessions/end_access.ts';
import { OBJECTION_SECONDS, tellOfChange } from './address_change.ts';
import { confirmStaged, keepTaken, type AddressChange } from './address_change_store.ts';
import { deleteAddress, insertAddress } from '../address_store.ts';
import { deleteIdentifier, insertIdentifier } from '../identifier_store.ts';
import { endCodesSentTo } from '../codes/open_codes_store.ts';
import { setPasswordState } from '../factors/password_store.ts';
import { refusingTaken } from '../user_creation.ts';
import { foldedName, keyIdentifiers, type FullUser, type UserScope } from '../user.ts';
import { findUser } from '../user_store.ts';

type Deps = { readonly sealer: Sealer; readonly publicUrl: string };
type CaseRule = Pick<Pool, 'identifierCaseInsensitive'>;

/**
 * The new address was proven: makes the change that was waiting for it, if one was. The old address goes, as a
 * sign-in name too; other sessions end; the old one is told, with the link to object. In the transaction of the
 * proof, which holds the person.
 */
export async function applyStagedChange(
  tx: Knex.Transaction,
  deps: Deps,
  scope: UserScope,
  pool: CaseRule,
  { newKey, by }: { readonly newKey: string; readonly by: Actor },
): Promise<void> {
  const change = await confirmStaged(tx, scope, newKey, OBJECTION_SECONDS);
  if (change === undefined) return;
  const user = await findUser(tx, scope);
  const made = user?.addresses.find(({ addressLc }) => addressLc === newKey);
  if (user === undefined || made === undefined) return;
  const { changeId, expiresAt, keep } = change;
  const told = { changeId, address: made.address, expiresAt, workspaceId: by.workspaceId };
  await tellOfChange(tx, deps, scope, { ...told, template: 'address_change_done' });
  if (change.oldKey !== null) await replace(tx, scope, pool, user, { ...change, oldKey: change.oldKey });
  const { tenantId, userId } = scope;
  await endAccess(tx, { tenantId, userId, ...(keep === null ? {} : { keep }) }, 'address_changed');
  await record(tx, scope, by, 'address_changed', change);
}

async function replace(
  tx: Knex.Transaction,
  scope: UserScope,
  pool: CaseRule,
  { addresses, identifiers }: FullUser,
  { changeId, newKey, oldKey }: AddressChange & { readonly oldKey: string },
): Promise<void> {
  const old = addresses.find(({ addressLc }) => addressLc === oldKey);
  const made = addresses.find(({ addressLc }) => addressLc === newKey);
  if (old === undefined || made === undefined) return;
  const named = identifiers.find(({ identifierLc }) => identifierLc === oldKey);
  await keepTaken(tx, scope, changeId, { address: old, identifier: named });
  await deleteAddress(tx, scope, oldKey);
  await endCodesSentTo(tx, scope, oldKey);
  if (named === undefined) return;
  await swapIdentifier(tx, scope, pool, named.identifier, { identifier: made.address, type: made.type });
}

/** Somebody signs in with another name from now on, unless they have it already. */
async function swapIdentifier(
  tx: Knex.Transaction,
  scope: UserScope,
  { identifierCaseInsensitive: caseInsensitive }: CaseRule,
  from: string,
  to: { readonly identifier: string; readonly type: FullUser['identifiers'][number]['type'] },
): Promise<void> {
  await deleteIdentifier(tx, scope, canonicalIdentifier(from, { caseInsensitive }) ?? '');
  const [keyed] = keyIdentifiers([to], { caseInsensitive });
  const user = await findUser(tx, scope);
  const hasIt = user?.identifiers.some(({ identifierLc }) => identifierLc === keyed?.identifierLc) ?? true;
  if (keyed === undefined || hasIt) return;
  await refusingTaken(() => insertIdentifier(tx, scope, { ...keyed, id: randomUUID() }));
}

/**
 * The owner objects: what was staged goes, what was made is taken back, the latest first. Somebody else was in the
 * account, so every session ends and the password must be reset by a message. In the transaction that used the
 * changes up.
 */
export async function takeChangesBack(
  tx: Knex.Transaction,
  scope: UserScope,
  pool: CaseRule,
  changes: readonly AddressChange[],
  by: Actor,
): Promise<void> {
  for (const change of changes) {
    await takeBack(tx, scope, pool, change);
    await record(tx, scope, by, 'address_change_objected', change);
  }
  const { tenantId, userId } = scope;
  await endAccess(tx, { tenantId, userId }, 'address_change_objected');
  await setPasswordState(tx, scope, 'must_be_reset');
}

async function takeBack(
  tx: Knex.Transaction,
  scope: UserScope,
  pool: CaseRule,
  { newKey, addsRow, confirmedAt, taken }: AddressChange,
): Promise<void> {
  if (addsRow || confirmedAt !== null) await deleteAddress(tx, scope, newKey);
  await endCodesSentTo(tx, scope, newKey);
  if (confirmedAt === null || taken === null) return;
  const { address, identifier } = taken;
  const preferredContactMethod = address.preferredContactMethod ?? undefined;
  const row = { ...address, lookupKey: address.addressLc, preferredContactMethod };
  await refusingTaken(() => insertAddress(tx, scope, row));
  if (identifier === undefined) return;
  const user = await findUser(tx, scope);
  const made = user?.identifiers.find(({ identifierLc }) => identifierLc === foldedName(newKey));
  await swapIdentifier(tx, scope, pool, made?.identifier ?? newKey, identifier);
}

const record = (
  tx: Knex.Transaction,
  scope: UserScope,
  by: Actor,
  what: 'address_changed' | 'address_change_objected',
  { changeId, newKey, oldKey }: AddressChange,
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'user',
    action: 'updated',
    affected: { userId: scope.userId, poolId: scope.poolId },
    payload: {
      user_id: scope.userId,
      update_details: { [what]: { change_id: changeId, from: oldKey, to: newKey } },
    },
  });
