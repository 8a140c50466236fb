import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Sealer } from '../security/seal.ts';
import { valuesPlace, type MessageScope, type NewMessage } from './message.ts';
import { insertMessage, insertNoMessage } from './outbox_store.ts';

export type { Channel, MessageScope, NewMessage, Template } from './message.ts';

/**
 * Writes a mail or a text into the outbox, in the caller's transaction (rule 18): the worker sends it within about
 * a second of the commit, and nothing is sent when the transaction is rolled back. Nobody waits for a mail server.
 * @param message its code and link are sealed, and erased once it is sent, failed or expired.
 * @returns the id under which the person's messages are listed.
 * @throws {TypeError} for a link that is no http(s) URL: a fault of the caller, never of a person.
 */
export async function enqueueMessage(
  tx: Knex.Transaction,
  sealer: Sealer,
  scope: MessageScope,
  message: NewMessage,
): Promise<{ readonly messageId: string }> {
  const { code, link, address } = message.values;
  if (link !== undefined && !/^https?:\/\/[\x21-\x7e]+$/.test(link)) {
    throw new TypeError('A message needs a link that is an http(s) URL');
  }
  const messageId = randomUUID();
  const sealed = sealer.seal(JSON.stringify({ code, link, address }), valuesPlace(scope, messageId));
  await insertMessage(tx, scope, messageId, message, sealed);
  return { messageId };
}

/** The same work with no message at the end, so that a stranger cannot tell whether there is anybody to write to. */
export async function enqueueNothing(tx: Knex.Transaction, sealer: Sealer): Promise<void> {
  await insertNoMessage(tx, sealer.seal(JSON.stringify({ code: '', link: '' }), 'outbox:nobody'));
}
