import { maskedAddress } from '../../../messages/masked_address.ts';
import type { ListedMessage } from '../../../messages/message_list_store.ts';
import { present } from '../../present.ts';

/** A message as an administrator sees it: the address masked, nothing of its content. */
export function presentMessage(message: ListedMessage): object {
  return {
    id: message.id,
    template: message.template,
    channel: message.channel,
    address: maskedAddress(message.recipient),
    status: message.status,
    attempts: message.attempts,
    created_at: message.createdAt.toISOString(),
    ...present({
      purpose: message.purpose,
      last_error: message.lastError,
      delivered_by: message.deliveredBy,
      next_attempt_at: message.status === 'queued' ? message.nextAttemptAt.toISOString() : null,
      ended_at: message.endedAt?.toISOString(),
      expires_at: message.expiresAt?.toISOString(),
    }),
  };
}
