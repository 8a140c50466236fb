import type { StoredAuditEvent } from '../../../events/audit_store.ts';
import { ADMIN_WORKSPACE } from '../../../tenants/tenant.ts';

/** An event as it leaves. */
export const presentEvent = (tenantId: string, event: StoredAuditEvent): object => ({
  event_id: event.id,
  tenant_id: tenantId,
  server_id: event.workspaceId ?? ADMIN_WORKSPACE,
  timestamp: event.occurredAt.toISOString(),
  event_subject: event.subject,
  action: event.action,
  context: {},
  metadata: withDerived(event.metadata),
  payload: event.payload,
});

/** A person's subject is their id, everywhere; every connection leads to an identity pool. */
function withDerived(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const { user_id: userId, idp_id: connectionId } = metadata;
  return {
    ...metadata,
    ...(userId === undefined ? {} : { subject: userId }),
    ...(connectionId === undefined ? {} : { idp_method: 'identity_pool' }),
    ...(connectionId === undefined || userId === undefined ? {} : { idp_subject: userId }),
  };
}
