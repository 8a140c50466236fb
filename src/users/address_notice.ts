import type { Knex } from 'knex';
import { enqueueMessage } from '../messages/enqueue.ts';
import type { Sealer } from '../security/seal.ts';
import { provenAddresses } from './notice_store.ts';
import type { UserScope } from './user.ts';

/**
 * Makes a change to the addresses of somebody with an account in use, and tells them where it gives or takes them
 * a proven address: at those they had and at those they have now, mail first, telephones only where there is no
 * mail (rule 27). Whoever had none before is only being set up. In the caller's transaction.
 */
export async function tellingOfAddressChange<T>(
  tx: Knex.Transaction,
  sealer: Sealer,
  { tenantId, poolId, userId }: UserScope,
  change: () => Promise<T>,
): Promise<T> {
  const scope = { tenantId, poolId, userId };
  const before = await provenAddresses(tx, scope);
  const result = await change();
  if (before.length === 0) return result;
  const after = await provenAddresses(tx, scope);
  const all = new Map([...before, ...after].map((entry) => [entry.address, entry]));
  if (all.size === before.length && all.size === after.length) return result;
  const mail = [...all.values()].filter(({ type }) => type === 'email');
  for (const { type, address } of mail.length > 0 ? mail : all.values()) {
    await enqueueMessage(tx, sealer, scope, {
      template: 'address_changed',
      channel: type === 'email' ? 'email' : 'sms',
      to: address,
      values: {},
    });
  }
  return result;
}
