import type { Database } from '../db/connection.ts';
import type { Page } from '../db/keyset.ts';
import { notFound } from '../domain_error.ts';
import { listMessages, type ListedMessage } from './message_list_store.ts';

/** What became of the messages to people. */
export function createMessageService({ db }: { readonly db: Database }) {
  return {
    /** A page of a person's messages of the last 30 days, newest first. Not found: no such person. */
    async list(
      scope: { readonly tenantId: string; readonly poolId: string; readonly userId: string },
      page: Page,
    ): Promise<ListedMessage[]> {
      const messages = await listMessages(db.knex, scope, page);
      if (messages === undefined) throw notFound('User');
      return messages;
    },
  };
}
