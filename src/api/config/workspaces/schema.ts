import { z } from 'zod';
import { MECHANISMS, type Mechanism } from '../../../pools/pool.ts';
import { GRANT_TYPES, PROFILES } from '../../../workspaces/workspace.ts';
import type { NewWorkspaceInput, WorkspaceInput } from '../../../workspaces/workspace_service.ts';
import { distinct, duration, durationAnswer, freeMap, id, line, readOnly, uri } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';

const TYPES = ['admin', 'developer', 'system', 'regular', 'organization'] as const;
const keyType = z.enum(['rsa', 'ecdsa']);
const mechanism = z.enum([...MECHANISMS, 'otp']);

const common = {
  name: line(),
  description: line(1000),
  color: line(32),
  logo_uri: uri,
  profile: z.enum(PROFILES),
  grant_types: distinct(z.enum(GRANT_TYPES), GRANT_TYPES.length),
  require_pushed_authorization_requests: z.boolean(),
  enforce_pkce: z.boolean(),
  enforce_pkce_for_public_clients: z.boolean(),
  rotate_confidential_refresh_tokens: z.boolean(),
  access_token_strategy: z.enum(['jwt', 'opaque']),
  metadata: freeMap,
};
const lifetimes = [
  'authorization_code_ttl',
  'access_token_ttl',
  'id_token_ttl',
  'refresh_token_ttl',
  'pushed_authorization_request_ttl',
  'cookie_max_age',
  'refresh_token_leeway',
] as const;
const each = <T extends z.ZodType>(schema: T) =>
  Object.fromEntries(lifetimes.map((name) => [name, schema])) as Record<(typeof lifetimes)[number], T>;

const settable = z
  .strictObject({
    ...common,
    ...each(duration),
    authentication_mechanisms: z.array(mechanism).min(1).max(12),
  })
  .partial().shape;
const ignored = { tenant_id: readOnly, issuer_url: readOnly };

/** What creates a workspace (contract 1.2), as far as it decides something today; other fields are refused. */
export const ServerBody = z
  .strictObject({
    ...settable,
    ...ignored,
    id: z.string().max(64).optional(),
    type: z.literal('regular').optional(),
    key_type: keyType.optional(),
  })
  .meta({ id: 'Server' });

export const UpdateServerBody = z
  .strictObject({ ...settable, ...ignored, id: readOnly, type: readOnly, key_type: readOnly })
  .meta({ id: 'UpdateServer' });

export const ServerResponse = z
  .strictObject({
    ...common,
    ...each(durationAnswer),
    authentication_mechanisms: z.array(z.enum(MECHANISMS)),
    id,
    tenant_id: id,
    type: z.enum(TYPES),
    key_type: keyType,
    issuer_url: uri,
  })
  .meta({ id: 'ServerResponse' });

export const ServersResponse = z.strictObject({ servers: z.array(ServerResponse) }).meta({ id: 'Servers' });

export const ServersQuery = z.strictObject({
  ...pagingQuery('server'),
  search_phrase: z.string().min(1).max(100).optional(),
  sort: z.enum(['id']).optional(),
  server_types: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(TYPES)).min(1))
    .optional()
    .meta({ description: 'Types, separated by commas' }),
});

type Settable = Omit<z.output<typeof ServerBody>, 'id' | 'type' | 'key_type' | 'tenant_id' | 'issuer_url'>;

export function toWorkspaceInput(body: Settable): WorkspaceInput {
  return {
    name: body.name,
    description: body.description,
    color: body.color,
    logoUri: body.logo_uri,
    profile: body.profile,
    grantTypes: body.grant_types,
    authenticationMechanisms: body.authentication_mechanisms && split(body.authentication_mechanisms),
    authorizationCodeTtlSeconds: body.authorization_code_ttl,
    accessTokenTtlSeconds: body.access_token_ttl,
    idTokenTtlSeconds: body.id_token_ttl,
    refreshTokenTtlSeconds: body.refresh_token_ttl,
    parTtlSeconds: body.pushed_authorization_request_ttl,
    sessionTtlSeconds: body.cookie_max_age,
    refreshTokenLeewaySeconds: body.refresh_token_leeway,
    requirePushedAuthorizationRequests: body.require_pushed_authorization_requests,
    enforcePkce: body.enforce_pkce,
    enforcePkceForPublicClients: body.enforce_pkce_for_public_clients,
    rotateConfidentialRefreshTokens: body.rotate_confidential_refresh_tokens,
    accessTokenStrategy: body.access_token_strategy,
    metadata: body.metadata,
  };
}

export const toNewWorkspace = (body: z.output<typeof ServerBody>): NewWorkspaceInput => ({
  ...toWorkspaceInput(body),
  id: body.id,
  keyType: body.key_type,
});

/** `otp` is the older name for both ways of sending a code. */
const split = (list: readonly z.output<typeof mechanism>[]): Mechanism[] => [
  ...new Set(list.flatMap((one) => (one === 'otp' ? (['email_otp', 'sms_otp'] as const) : [one]))),
];
