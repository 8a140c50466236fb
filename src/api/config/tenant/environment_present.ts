import { formatDuration } from '../../../duration.ts';
import { offeredLanguages } from '../../../i18n/offered_languages.ts';
import { CHANNELS } from '../../../messages/message.ts';
import type { Transport } from '../../../messages/transports/transport.ts';
import { POOL_DEFAULTS } from '../../../pools/pool.ts';
import type { KindLimit } from '../../../tenants/attempt_limit_service.ts';
import { ADMIN_WORKSPACE, effectiveChoices, type Tenant } from '../../../tenants/tenant.ts';
import { WORKSPACE_DEFAULTS } from '../../../workspaces/workspace.ts';
import { presentPoolSettings } from '../../identity/pools/present.ts';
import { versionOf } from '../../etag.ts';
import type { Answer, Installation } from '../../route.ts';
import { presentWorkspaceSettings } from '../workspaces/present.ts';

type InForce = {
  readonly tenant: Tenant;
  readonly limits: readonly KindLimit[];
  readonly transports: readonly Transport[];
  readonly publicUrl: string;
  readonly installation: Installation;
};

const DAY_SECONDS = 24 * 60 * 60;

/** What holds in a tenant. It comes from several places, so its version follows from what it says. */
export function answerEnvironment(inForce: InForce): Answer {
  const body = presentEnvironment(inForce);
  return { body, version: versionOf(body) };
}

function presentEnvironment({ tenant, limits, transports, publicUrl, installation }: InForce): object {
  const { locales } = offeredLanguages(tenant.settings.translations);
  const { auditRetentionDays: days } = installation;
  return {
    admin_issuer_url: `${publicUrl}/${tenant.id}/${ADMIN_WORKSPACE}`,
    with_roles: true,
    with_permissions: true,
    groups: true,
    internationalization: locales.length > 1,
    disable_audit_events: false,
    ...(days > 0 && { audit_events_duration: formatDuration(days * DAY_SECONDS) }),
    brute_force_limits: {
      enabled: limits.some(({ maxAttempts }) => maxAttempts > 0),
      ...Object.fromEntries(
        limits.map(({ kind, maxAttempts, blockSeconds }) => [
          kind,
          { max_attempts: maxAttempts, block_duration: formatDuration(blockSeconds) },
        ]),
      ),
    },
    tenant_settings: effectiveChoices(tenant.settings),
    message_transports: presentWays(transports),
    languages: locales,
    workspace_defaults: presentWorkspaceSettings(WORKSPACE_DEFAULTS),
    pool_defaults: presentPoolSettings(POOL_DEFAULTS),
  };
}

function presentWays(transports: readonly Transport[]): object {
  const own = transports.filter(({ enabled, settings }) => enabled && settings.provider !== 'embedded');
  const isOwn = new Set(own.map(({ channel }) => channel));
  return Object.fromEntries(CHANNELS.map((channel) => [channel, isOwn.has(channel) ? 'own' : 'operator']));
}
