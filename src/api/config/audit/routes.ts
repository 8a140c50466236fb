import { pageOf } from '../../paging.ts';
import { ofSystemTenant, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { presentEvent } from './present.ts';
import { AuditEventsQuery, AuditEventsResponse, toAuditFilter } from './schema.ts';

/** The same list for people with a role and for backends with a scope. */
const SIDES = [
  {
    path: '/api/admin/{tid}/servers/{wid}/audit-events',
    operationId: 'listAuditEvents',
    requires: ofWorkspace('read_audit_events'),
  },
  {
    path: '/api/system/{tid}/servers/{wid}/audit-events',
    operationId: 'SystemListAuditEvents',
    requires: ofSystemTenant('view_audit_events'),
  },
] as const;

export const auditRoutes = SIDES.map((side) =>
  route({
    method: 'get',
    ...side,
    summary: 'What happened in a workspace, newest first; with admin, what belongs to no workspace as well',
    tag: 'audit',
    query: AuditEventsQuery,
    answers: { status: 200, schema: AuditEventsResponse },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const page = pageOf(query, query.after_event_id, query.before_event_id);
      const scope = { tenantId: params.tid, workspaceId: params.wid };
      const events = await domain.audit.search(scope, toAuditFilter(query), page);
      return { body: { audit_events: events.map((event) => presentEvent(params.tid, event)) } };
    },
  }),
);
