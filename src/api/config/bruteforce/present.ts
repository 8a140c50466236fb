import { formatDuration } from '../../../duration.ts';
import type { KindLimit } from '../../../tenants/attempt_limit_service.ts';

/** A limit as it leaves. */
export const presentLimit = (tenantId: string, { kind, maxAttempts, blockSeconds }: KindLimit): object => ({
  tenant_id: tenantId,
  protected_type: kind,
  max_attempts: maxAttempts,
  block_duration: formatDuration(blockSeconds),
});
