import type { JsonWebKey } from 'node:crypto';
import { z } from 'zod';
import { APPLICATION_KINDS, AUTH_METHODS, type ClientMetadata } from '../../../clients/client.ts';
import type { ClientInput } from '../../../clients/client_service.ts';
import { invalid } from '../../../domain_error.ts';
import { SIGNING_ALGS } from '../../../workspaces/signing_key.ts';
import { GRANT_TYPES } from '../../../workspaces/workspace.ts';
import {
  anyOf,
  distinct,
  duration,
  durationAnswer,
  freeMap,
  id,
  line,
  readOnly,
  time,
  uri,
} from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';
import { requiredGroups, toRequiredGroups } from '../required_groups.ts';

const scopeName = z.string().min(1).max(128);
const MAX_URIS = 100;

const common = {
  client_name: line(),
  description: line(1000),
  client_status: z.enum(['active', 'inactive']),
  application_type: z.enum(['web', 'native']),
  redirect_uris: distinct(z.string().max(4096), MAX_URIS),
  post_logout_redirect_uris: distinct(z.string().max(4096), MAX_URIS),
  grant_types: distinct(z.enum(GRANT_TYPES), GRANT_TYPES.length),
  response_types: distinct(z.enum(['code']), 1),
  scopes: distinct(scopeName, MAX_URIS),
  audience: distinct(z.string().min(1).max(2048), MAX_URIS),
  token_endpoint_auth_method: z.enum(AUTH_METHODS),
  trusted: z.boolean().meta({ description: 'People are asked for no consent' }),
  enforce_pkce: z.boolean().meta({ description: 'false exempts a confidential client' }),
  required_groups: requiredGroups,
  subject_type: z
    .enum(['public', 'pairwise'])
    .meta({ description: 'pairwise: a `sub` that no application of another sector shares' }),
  client_type: z.literal('oauth2'),
  dpop_bound_access_tokens: z
    .boolean()
    .meta({ description: 'Gives tokens to who proves a key (RFC 9449) only' }),
  use_custom_token_ttls: z
    .boolean()
    .meta({ description: 'token_ttls takes the place of the lifetimes of the workspace' }),
  default_acr_values: z
    .array(z.string().max(200))
    .refine(
      (values) => values.length === 0,
      'must be empty: there are no levels of assurance to choose among',
    ),
  backchannel_logout_session_required: z.boolean(),
  require_pushed_authorization_requests: z.boolean(),
  id_token_signed_response_alg: z.enum(SIGNING_ALGS),
  userinfo_signed_response_alg: z.enum(['none', ...SIGNING_ALGS]),
  token_endpoint_auth_signing_alg: z.enum([...SIGNING_ALGS, 'HS256']),
  jwks: z.strictObject({ keys: z.array(z.looseObject({ kty: z.string() })).max(20) }),
  jwks_uri: uri,
  sector_identifier_uri: uri,
  backchannel_logout_uri: uri,
  logo_uri: uri,
  client_uri: uri,
  policy_uri: uri,
  tos_uri: uri,
  app_url: uri,
  metadata: freeMap,
};

const ttls = <T extends z.ZodType>(schema: T) =>
  z
    .strictObject({
      authorization_code_ttl: schema,
      access_token_ttl: schema,
      id_token_ttl: schema,
      refresh_token_ttl: schema,
    })
    .partial();

const settable = z.strictObject(common).partial().shape;
const body = {
  ...settable,
  token_ttls: ttls(duration).optional(),
  rotated_secrets: readOnly,
  authorization_server_id: id,
  client_id: z.string().max(64).optional(),
  client_secret: z.string().max(1024).optional(),
  scope: z.string().max(16_384).optional().meta({ description: '`scopes` as one text' }),
  tenant_id: readOnly,
  application_types: readOnly,
  system: readOnly,
  client_id_issued_at: readOnly,
  client_secret_expires_at: readOnly,
  created_at: readOnly,
  updated_at: readOnly,
};

/** What creates a client (contract 1.15), as far as it decides something today; other fields are refused. */
export const CreateClientBody = z.strictObject(body).meta({ id: 'CreateClientAdminRequest' });

export const UpdateClientBody = z
  .strictObject({ ...body, client_id: readOnly, authorization_server_id: id.optional() })
  .meta({ id: 'UpdateClientAdminRequest' });

export const ClientResponse = z
  .strictObject({
    ...common,
    client_id: id,
    client_secret: z.string().optional().meta({ description: 'Only in the answer that sets it' }),
    tenant_id: id,
    authorization_server_id: id,
    scope: z.string(),
    application_types: z.array(z.enum(APPLICATION_KINDS)),
    token_ttls: ttls(durationAnswer),
    rotated_secrets: z
      .array(z.strictObject({ rotated_at: time, revoke_at: time.optional() }))
      .meta({ description: 'Earlier secrets that still work, newest first; never the secrets' }),
    system: z.boolean(),
    client_id_issued_at: z.int(),
    client_secret_expires_at: z.literal(0),
    created_at: time,
    updated_at: time,
    backchannel_logout_session_required: z.boolean().optional(),
    require_pushed_authorization_requests: z.boolean().optional(),
    id_token_signed_response_alg: common.id_token_signed_response_alg.optional(),
    token_endpoint_auth_signing_alg: common.token_endpoint_auth_signing_alg.optional(),
    jwks: common.jwks.optional(),
    jwks_uri: uri.optional(),
    sector_identifier_uri: uri.optional(),
    backchannel_logout_uri: uri.optional(),
    logo_uri: uri.optional(),
    client_uri: uri.optional(),
    policy_uri: uri.optional(),
    tos_uri: uri.optional(),
    app_url: uri.optional(),
  })
  .meta({ id: 'ClientAdminResponse' });

export const ClientsResponse = z
  .strictObject({ clients: z.array(ClientResponse) })
  .meta({ id: 'ClientsForAdmin' });

export const ClientsQuery = z.strictObject({
  ...pagingQuery('client'),
  search_phrase: z.string().min(1).max(100).optional(),
  sort: z.enum(['id', 'client_id']).optional().meta({ description: 'By id; both names are the same' }),
  type: z.enum(['internal', 'third_party']).optional().meta({
    description: 'Administrators have registered every client: `third_party` finds none',
  }),
  application_types: anyOf(z.enum([...APPLICATION_KINDS, 'legacy', 'dcr'])),
  client_types: anyOf(z.enum(['oauth2', 'saml'])),
});

export const RotateSecretQuery = z.strictObject({
  auto_revoke_after: duration
    .optional()
    .meta({ description: 'When the secret of now stops working by itself; 0: when somebody revokes it' }),
});

export const RotateSecretResponse = z
  .strictObject({ secret: z.string().meta({ description: 'Shown in this answer alone' }) })
  .meta({ id: 'RotateClientSecretResponse' });

type Body = Omit<z.output<typeof CreateClientBody>, 'client_id' | 'authorization_server_id'>;

/** The body in the words of the domain. Throws `DomainError` when `scope` and `scopes` disagree. */
export function toClientInput(given: Body): ClientInput {
  return {
    clientSecret: given.client_secret,
    clientName: given.client_name,
    description: given.description,
    clientStatus: given.client_status,
    applicationType: given.application_type,
    tokenEndpointAuthMethod: given.token_endpoint_auth_method,
    redirectUris: given.redirect_uris,
    postLogoutRedirectUris: given.post_logout_redirect_uris,
    grantTypes: given.grant_types,
    responseTypes: given.response_types,
    scopes: scopesOf(given),
    audience: given.audience,
    trusted: given.trusted,
    enforcePkce: given.enforce_pkce,
    requiredGroups: toRequiredGroups(given.required_groups),
    settings: metadataOf(given),
    metadata: given.metadata,
  };
}

function scopesOf({ scope, scopes }: Body): string[] | undefined {
  if (scope === undefined) return scopes;
  const named = scope.split(' ').filter((name) => name !== '');
  const same =
    scopes === undefined || (scopes.length === named.length && scopes.every((one) => named.includes(one)));
  if (!same) throw invalid('/scope', 'says something else than scopes: give one of them');
  return scopes ?? [...new Set(named)];
}

function metadataOf(given: Body): ClientMetadata {
  const { userinfo_signed_response_alg: userinfoAlg } = given;
  const chosen = {
    jwks: given.jwks as { keys: JsonWebKey[] } | undefined,
    jwks_uri: given.jwks_uri,
    subject_type: given.subject_type === 'pairwise' ? given.subject_type : undefined,
    sector_identifier_uri: given.sector_identifier_uri,
    dpop_bound_access_tokens: given.dpop_bound_access_tokens || undefined,
    use_custom_token_ttls: given.use_custom_token_ttls || undefined,
    token_ttls: given.token_ttls,
    token_endpoint_auth_signing_alg: given.token_endpoint_auth_signing_alg,
    id_token_signed_response_alg: given.id_token_signed_response_alg,
    userinfo_signed_response_alg: userinfoAlg === 'none' ? undefined : userinfoAlg,
    backchannel_logout_uri: given.backchannel_logout_uri,
    backchannel_logout_session_required: given.backchannel_logout_session_required,
    require_pushed_authorization_requests: given.require_pushed_authorization_requests,
    logo_uri: given.logo_uri,
    client_uri: given.client_uri,
    policy_uri: given.policy_uri,
    tos_uri: given.tos_uri,
    app_url: given.app_url,
  };
  // The empty text is how some callers say "none".
  return Object.fromEntries(
    Object.entries(chosen).filter(([, value]) => value !== undefined && value !== ''),
  ) as ClientMetadata;
}
