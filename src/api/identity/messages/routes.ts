import { ADMIN_BASE } from '../../both_apis.ts';
import { pageOf } from '../../paging.ts';
import { ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import { presentMessage } from './present.ts';
import { MessagesQuery, MessagesResponse } from './schema.ts';

/** What became of mails and texts: ours, the contract has none. */
export const messageRoutes = [
  route({
    method: 'get',
    path: `${ADMIN_BASE}/pools/{ipID}/users/{userID}/messages`,
    operationId: 'ListUserMessages',
    summary: 'Mails and texts to a person in the last 30 days, and what became of them; newest first',
    tag: 'messages',
    requires: ofUser('read_identity_pool_users'),
    query: MessagesQuery,
    answers: { status: 200, schema: MessagesResponse },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const page = pageOf(query, query.after_message_id, query.before_message_id);
      return { body: { messages: (await domain.messages.list(scope, page)).map(presentMessage) } };
    },
  }),
];
