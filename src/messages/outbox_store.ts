import type { Knex } from 'knex';
import { destinationOf, type MessageScope, type NewMessage } from './message.ts';

/** Puts a message into the outbox, in the caller's transaction: it is sent if and only if that commits. */
export async function insertMessage(
  tx: Knex.Transaction,
  scope: MessageScope,
  messageId: string,
  message: NewMessage,
  sealedValues: string,
): Promise<void> {
  await tx('outbox').insert({
    tenant_id: scope.tenantId,
    message_id: messageId,
    pool_id: scope.poolId,
    user_id: scope.userId ?? null,
    workspace_id: message.workspaceId ?? null,
    template: message.template,
    channel: message.channel,
    recipient: message.to,
    destination: destinationOf(message.channel, message.to),
    locale: message.locale ?? null,
    purpose: message.purpose ?? null,
    code_id: message.codeId ?? null,
    sealed_values: sealedValues,
    expires_at: message.expiresAt ?? null,
  });
}

/** As much work as putting a message into the outbox, without one: for a person who is not there (rule 17). */
export async function insertNoMessage(tx: Knex.Transaction, sealedValues: string): Promise<void> {
  await tx.raw(
    `INSERT INTO outbox (tenant_id, message_id, pool_id, template, channel, recipient, destination, sealed_values)
     SELECT '', '', '', '', '', '', '', ? WHERE false`,
    [sealedValues],
  );
}
