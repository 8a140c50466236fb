import { z } from 'zod';
import { PROTECTED_TYPES } from '../../../security/attempts.ts';
import { durationAnswer, uri } from '../../fields.ts';
import { PoolResponse } from '../../identity/pools/schema.ts';
import { ServerResponse } from '../workspaces/schema.ts';

const limit = z.strictObject({ max_attempts: z.int(), block_duration: durationAnswer });
const way = z.enum(['own', 'operator']);
const limits = Object.fromEntries(PROTECTED_TYPES.map((type) => [type, limit])) as Record<
  (typeof PROTECTED_TYPES)[number],
  typeof limit
>;

/** What holds in a tenant, chosen or by default (contract 3.5, with fields of our own). */
export const Environment = z
  .strictObject({
    admin_issuer_url: uri.meta({ description: 'Where the tokens of administrators come from' }),
    with_roles: z.boolean(),
    with_permissions: z.boolean(),
    groups: z.boolean(),
    internationalization: z.boolean().meta({ description: 'Whether more than one language is offered' }),
    disable_audit_events: z.boolean(),
    audit_events_duration: durationAnswer
      .optional()
      .meta({ description: 'How long audit events are kept; absent: for ever' }),
    brute_force_limits: z.strictObject({ enabled: z.boolean(), ...limits }),
    tenant_settings: z.strictObject({
      security: z.strictObject({ codes_without_token: z.boolean() }),
      translations: z.strictObject({
        enabled: z.boolean(),
        selector_enabled: z.boolean(),
        default_locale: z.string(),
        disabled_translations: z.array(z.string()),
      }),
    }),
    message_transports: z
      .strictObject({ email: way, sms: way })
      .meta({ description: 'By whose provider messages leave: the tenant’s own or the operator’s' }),
    languages: z.array(z.string()).meta({ description: 'Those that are offered, the default first' }),
    workspace_defaults: ServerResponse.omit({
      id: true,
      tenant_id: true,
      name: true,
      type: true,
      key_type: true,
      issuer_url: true,
    }).meta({ id: 'WorkspaceDefaults', description: 'What a workspace has where its creator says nothing' }),
    pool_defaults: PoolResponse.omit({
      id: true,
      tenant_id: true,
      workspace_id: true,
      name: true,
      system: true,
      deleted: true,
      number_of_users: true,
      number_of_standard_users: true,
      number_of_jit_users: true,
    }).meta({ id: 'PoolDefaults', description: 'What a pool has where its creator says nothing' }),
  })
  .meta({ id: 'Environment' });
