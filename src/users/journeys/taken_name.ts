import type { Knex } from 'knex';
import type { Database } from '../../db/connection.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import { enqueueMessage, enqueueNothing } from '../../messages/enqueue.ts';
import type { Pool } from '../../pools/pool.ts';
import type { SendBudget } from '../../security/send_budget.ts';
import { pageLink } from '../codes/code_link.ts';
import { findKnownUser } from '../known_user_store.ts';
import { issueNothing, sendCodeIn, type CodeRequest, type SendCodeDeps } from '../codes/send_code.ts';
import { destinationFor, lookupKeysOf, type KnownAddress, type KnownUser } from '../user_key.ts';

type Names = { readonly identifier: string; readonly otpAddress?: string | undefined };

/** Whoever has one of the names of a registration already, and where they can be told. */
export type NameOwner = {
  readonly known: KnownUser;
  readonly address: KnownAddress | undefined;
};

/** Whoever signs in with one of the names, or has proven one of them. As many statements whoever it is. */
export async function findNameOwner(
  { db }: { readonly db: Database },
  pool: Pool,
  { identifier, otpAddress }: Names,
): Promise<NameOwner | undefined> {
  const scope = { tenantId: pool.tenantId, poolId: pool.id };
  const other = otpAddress === undefined ? [] : [{ address: otpAddress }, { identifier: otpAddress }];
  const owners: (KnownUser | undefined)[] = [];
  for (const key of [{ identifier }, { address: identifier }, ...other]) {
    owners.push(await findKnownUser(db.knex, scope, lookupKeysOf(key, pool)));
  }
  const known = owners.find((owner) => owner !== undefined);
  return known && { known, address: destinationFor(known, lookupKeysOf({ identifier }, pool)) };
}

/**
 * Whether the owner may be told once more. Of the owner's address too: whoever registers chooses the other name
 * anew each time.
 */
export function mayTellOwner(
  tx: Knex.Transaction,
  { budget }: { readonly budget: SendBudget },
  pool: Pool,
  owner: NameOwner | undefined,
  typed: string,
): Promise<boolean> {
  return budget.take(tx, {
    tenantId: pool.tenantId,
    poolId: pool.id,
    kind: 'identifier_used',
    address: owner?.address?.lookupKey ?? typed,
    user: owner?.known.userId ?? `unknown:${typed}`,
    goesOut: owner?.address !== undefined,
    source: undefined,
    byAdministrator: false,
  });
}

/**
 * Tells the owner of a name that somebody tried to register with it (contract 5.4). Whoever registered before and
 * never activated gets their code again instead: they have come back for it.
 */
export async function tellOwnerIn(
  tx: Knex.Transaction,
  deps: SendCodeDeps,
  owner: NameOwner | undefined,
  request: CodeRequest,
): Promise<void> {
  const { pool, by, workspaceId } = request;
  const scope = { tenantId: pool.tenantId, poolId: pool.id };
  const { known, address } = owner ?? {};
  if (known?.status === 'new' && address !== undefined) {
    await sendCodeIn(tx, deps, { ...request, to: { known, address } });
  } else {
    await issueNothing(tx, deps, request);
    if (known === undefined || address === undefined) await enqueueNothing(tx, deps.sealer);
    else {
      const channel = address.type === 'email' ? 'email' : 'sms';
      const link = pageLink(deps.publicUrl, scope, 'reset-password', { workspaceId });
      const message = { template: 'identifier_used', channel, to: address.address, workspaceId } as const;
      const whose = { ...scope, userId: known.userId };
      await enqueueMessage(tx, deps.sealer, whose, { ...message, values: { link } });
    }
  }
  await recordTaken(tx, scope, by, known);
}

const recordTaken = (
  tx: Knex.Transaction,
  scope: { readonly tenantId: string; readonly poolId: string },
  by: Actor,
  owner: KnownUser | undefined,
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'otp',
    action: 'not_sent',
    affected: { poolId: scope.poolId, ...(owner === undefined ? {} : { userId: owner.userId }) },
    payload: { purpose: 'activation', failure_reason: 'identifier_used' },
  });
