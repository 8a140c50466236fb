import { z } from 'zod';
import type { AuditFilter } from '../../../events/audit_list_store.ts';
import { freeMap, id, time } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';

const MAX_LIMIT = 100;
const MAX_KINDS = 50;

const words = (description: string) =>
  z
    .string()
    .max(2_048)
    .transform((text) => text.split(','))
    .pipe(z.array(z.string().regex(/^[a-z_]{1,64}$/, 'must be words separated by commas')).max(MAX_KINDS))
    .optional()
    .meta({ description: `${description}, separated by commas` });

const text = (description: string) => z.string().min(1).max(320).optional().meta({ description });
const moment = (description: string) => time.optional().meta({ description });

/** Filters that an event meets all of (contract 3.3). */
export const AuditEventsQuery = z.strictObject({
  ...pagingQuery('event'),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(1).max(MAX_LIMIT))
    .optional()
    .meta({ description: `Events on a page, 1 to ${MAX_LIMIT}; 20 when absent` }),
  sort: z.enum(['timestamp']).optional(),
  event_subject: words('Subjects, such as user or group'),
  event_action: words('Actions, such as created or failed'),
  user_id: text('The person who acted'),
  user_pool_id: text('The pool of the person who acted'),
  affected_user_id: text('The person acted upon'),
  affected_user_pool_id: text('The pool of the person acted upon'),
  group_id: text('The group'),
  client_id: text('The client'),
  idp_id: text('The connection'),
  idp_method: text('The kind of connection: identity_pool is the only one'),
  idp_subject: text('The person, as the connection knows them'),
  subject: text('The subject of the token'),
  session_id: text('The session'),
  authorization_correlation_id: text('The correlation id of the authorization'),
  organization_id: text('The organization; there are none'),
  ip: text('The source address'),
  timestamp_from: moment('From this moment on'),
  timestamp_to: moment('Up to this moment'),
});

export type AuditQuery = z.output<typeof AuditEventsQuery>;

export const AuditEventsResponse = z
  .strictObject({
    audit_events: z.array(
      z
        .strictObject({
          event_id: id,
          tenant_id: id,
          server_id: id,
          timestamp: time,
          event_subject: z.string(),
          action: z.string(),
          context: z.record(z.string(), z.string()),
          metadata: z.record(z.string(), z.string()),
          payload: freeMap,
        })
        .meta({ id: 'AuditEvent' }),
    ),
  })
  .meta({ id: 'AuditEvents' });

/**
 * The filter in the words of the domain; `undefined` when nothing can match. A token's subject, and whom a
 * connection lets in, is the person under one id everywhere (contract, section 8 row 20).
 */
export function toAuditFilter(query: AuditQuery): AuditFilter | undefined {
  const people = new Set(
    [query.user_id, query.subject, query.idp_subject].filter((one) => one !== undefined),
  );
  const isOtherMethod = query.idp_method !== undefined && query.idp_method !== 'identity_pool';
  if (people.size > 1 || isOtherMethod || query.organization_id !== undefined) return undefined;
  return {
    userId: [...people][0],
    userPoolId: query.user_pool_id,
    affectedUserId: query.affected_user_id,
    affectedUserPoolId: query.affected_user_pool_id,
    clientId: query.client_id,
    connectionId: query.idp_id,
    isConnected: query.idp_method !== undefined || query.idp_subject !== undefined,
    groupId: query.group_id,
    sessionId: query.session_id,
    authorizationCorrelationId: query.authorization_correlation_id,
    ip: query.ip,
    subjects: query.event_subject,
    actions: query.event_action,
    from: query.timestamp_from,
    to: query.timestamp_to,
  };
}
