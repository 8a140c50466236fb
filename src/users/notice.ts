import type { Knex } from 'knex';
import { enqueueMessage, type Template } from '../messages/enqueue.ts';
import type { Sealer } from '../security/seal.ts';
import { provenAddresses } from './notice_store.ts';
import type { UserScope } from './user.ts';

/**
 * Tells a person what happened to their account (rule 27): to every address that they have proven, mail first;
 * to their telephones only where there is no mail. In the caller's transaction.
 */
export async function notifyPerson(
  tx: Knex.Transaction,
  sealer: Sealer,
  { tenantId, poolId, userId }: UserScope,
  template: Template,
  { workspaceId }: { readonly workspaceId?: string | undefined } = {},
): Promise<void> {
  const proven = await provenAddresses(tx, { tenantId, poolId, userId });
  const mail = proven.filter(({ type }) => type === 'email');
  for (const { type, address } of mail.length > 0 ? mail : proven) {
    await enqueueMessage(
      tx,
      sealer,
      { tenantId, poolId, userId },
      { template, channel: type === 'email' ? 'email' : 'sms', to: address, workspaceId, values: {} },
    );
  }
}
