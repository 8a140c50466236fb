import type { Knex } from 'knex';
import { enqueueMessage, type NewMessage, type Template } from '../messages/enqueue.ts';
import type { Sealer } from '../security/seal.ts';
import { provenAddresses } from './notice_store.ts';
import type { UserScope } from './user.ts';

type Notice = {
  readonly workspaceId?: string | undefined;
  /** Default: what is known of the person when the message leaves. */
  readonly locale?: string | undefined;
};

/**
 * Tells a person that their account is about to be deleted, in the transaction that deletes it. The message is nobody's:
 * it leaves when there is no account any more.
 */
export async function notifyOfDeletion(
  tx: Knex.Transaction,
  sealer: Sealer,
  { tenantId, poolId, userId }: UserScope,
  notice: Notice,
): Promise<void> {
  const to = await whereToTell(tx, { tenantId, poolId, userId });
  for (const recipient of to) {
    const message = { ...recipient, ...notice, template: 'account_deleted', values: {} } as const;
    await enqueueMessage(tx, sealer, { tenantId, poolId }, message);
  }
}

/**
 * Tells a person what happened to their account (rule 27): to every address that they have proven, mail first;
 * to their telephones only where there is no mail. In the caller's transaction.
 */
export async function notifyPerson(
  tx: Knex.Transaction,
  sealer: Sealer,
  { tenantId, poolId, userId }: UserScope,
  template: Template,
  notice: Notice = {},
): Promise<void> {
  const scope = { tenantId, poolId, userId };
  for (const recipient of await whereToTell(tx, scope)) {
    await enqueueMessage(tx, sealer, scope, { ...recipient, ...notice, template, values: {} });
  }
}

async function whereToTell(
  tx: Knex.Transaction,
  scope: UserScope,
): Promise<Pick<NewMessage, 'channel' | 'to'>[]> {
  const proven = await provenAddresses(tx, scope);
  const mail = proven.filter(({ type }) => type === 'email');
  return (mail.length > 0 ? mail : proven).map(({ type, address }) => ({
    channel: type === 'email' ? 'email' : 'sms',
    to: address,
  }));
}
