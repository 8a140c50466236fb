import { z } from 'zod';
import { invalid } from '../../../domain_error.ts';
import { MECHANISMS, type Mechanism } from '../../../pools/pool.ts';
import {
  GRANT_TYPES,
  PROFILES,
  SCOPE_CLAIM_FORMATS,
  SUBJECT_FORMATS,
  SUBJECT_IDENTIFIER_TYPES,
} from '../../../workspaces/workspace.ts';
import { WORKSPACE_KEY_TYPES } from '../../../workspaces/signing_key.ts';
import type { NewWorkspaceInput, WorkspaceInput } from '../../../workspaces/workspace_service.ts';
import { anyOf, distinct, duration, durationAnswer, freeMap, id, line, readOnly, uri } from '../../fields.ts';
import { isWorkspaceId } from '../../../tenants/slug.ts';
import { pagingQuery } from '../../paging.ts';
import { attribute } from '../claims/attribute_schema.ts';

const TYPES = ['admin', 'developer', 'system', 'regular', 'organization'] as const;
const keyType = z.enum(WORKSPACE_KEY_TYPES);
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
  access_token_strategy: z
    .enum(['jwt', 'opaque'])
    .meta({ description: "The form of tokens for the workspace's own API; registered APIs choose theirs" }),
  subject_identifier_types: distinct(z.enum(SUBJECT_IDENTIFIER_TYPES), 2),
  subject_format: z
    .enum(SUBJECT_FORMATS)
    .meta({ description: 'Kept and answered; `sub` is the id of the person in either' }),
  scope_claim_formats: distinct(z.enum(SCOPE_CLAIM_FORMATS), 2),
  authentication_context_settings: z.strictObject({
    attributes: z.array(attribute).max(200).meta({ description: 'None: the predefined ones' }),
  }),
  custom_login_url: uri.meta({ description: "One's own sign-in page: https, or http on localhost" }),
  custom_consent_url: uri.meta({ description: "One's own consent page: https, or http on localhost" }),
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

const sso = <T extends z.ZodType>(schema: T) =>
  z.strictObject({
    enabled: z.boolean().meta({ description: 'false: every application asks for a sign-in of its own' }),
    max_age: schema.optional(),
    max_idle: schema.optional(),
  });

/** People type their name first, and it decides which connection they get (contract 7.3). */
const discovery = z.strictObject({
  enabled: z.boolean(),
  discovery_mode: z.literal('domain_matching', 'must be domain_matching: there are no scripts').optional(),
});

const settable = z
  .strictObject({
    ...common,
    ...each(duration),
    authentication_mechanisms: z.array(mechanism).min(1).max(12),
    sso: sso(duration),
    idp_discovery: discovery,
    enable_idp_discovery: z
      .boolean()
      .meta({ deprecated: true, description: 'Older name of `idp_discovery.enabled`' }),
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
    sso: sso(durationAnswer),
    idp_discovery: discovery,
    id,
    tenant_id: id,
    type: z.enum(TYPES),
    key_type: keyType,
    issuer_url: uri,
  })
  .meta({ id: 'ServerResponse' });

export const ServersResponse = z.strictObject({ servers: z.array(ServerResponse) }).meta({ id: 'Servers' });

export const NewServerQuery = z.strictObject({
  with_demo_client: z.stringbool().optional().meta({ description: 'A client to try a sign-in with, too' }),
});

export const WorkspaceMetadata = z.strictObject({ payload: freeMap }).meta({ id: 'WorkspaceMetadata' });

const types = anyOf(z.enum(TYPES)).meta({ description: 'Types, separated by commas' });
const searching = {
  search_phrase: z.string().min(1).max(100).optional(),
  sort: z.enum(['id']).optional(),
};

export const ServersQuery = z.strictObject({ ...pagingQuery('server'), ...searching, server_types: types });

/** A workspace in short, as whoever may see it sees it. */
export const WorkspaceResponse = ServerResponse.pick({
  id: true,
  tenant_id: true,
  name: true,
  description: true,
  color: true,
  logo_uri: true,
  type: true,
  profile: true,
  issuer_url: true,
  authentication_mechanisms: true,
  authentication_context_settings: true,
  idp_discovery: true,
  metadata: true,
}).meta({ id: 'WorkspaceResponse' });

export const WorkspacesResponse = z
  .strictObject({ workspaces: z.array(WorkspaceResponse) })
  .meta({ id: 'WorkspacesResponse' });

export const WorkspacesQuery = z.strictObject({
  ...pagingQuery('workspace'),
  ...searching,
  workspace_types: types,
  template: z.stringbool().optional().meta({ description: 'No workspace is a template' }),
  theme_id: z.string().max(64).optional().meta({ description: 'No workspace has a theme' }),
});

export const UserWorkspacesQuery = z.strictObject({
  limit: pagingQuery('workspace').limit,
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,128}$/, 'is not a cursor of an answer')
    .transform((text) => Buffer.from(text, 'base64url').toString())
    .refine(isWorkspaceId, 'is not a cursor of an answer')
    .optional()
    .meta({ description: 'From the answer before; absent: the first page' }),
});

export const UserWorkspacesResponse = z
  .strictObject({ workspaces: z.array(WorkspaceResponse), cursor: z.string().optional() })
  .meta({ id: 'UserWorkspacesResponse' });

/** Where the next page begins. */
export const cursorOf = (workspaceId: string): string => Buffer.from(workspaceId).toString('base64url');

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
    subjectIdentifierTypes: body.subject_identifier_types,
    subjectFormat: body.subject_format,
    scopeClaimFormats: body.scope_claim_formats,
    idpDiscovery: discoveryOf(body),
    sso: body.sso && {
      enabled: body.sso.enabled,
      maxAgeSeconds: body.sso.max_age,
      maxIdleSeconds: body.sso.max_idle,
    },
    contextAttributes: body.authentication_context_settings?.attributes,
    customLoginUrl: body.custom_login_url,
    customConsentUrl: body.custom_consent_url,
    metadata: body.metadata,
  };
}

function discoveryOf({ idp_discovery: chosen, enable_idp_discovery: older }: Settable): boolean | undefined {
  if (chosen !== undefined && older !== undefined && chosen.enabled !== older) {
    throw invalid('/enable_idp_discovery', 'contradicts idp_discovery: give one of them');
  }
  return chosen?.enabled ?? older;
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
