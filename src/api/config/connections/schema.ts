import { z } from 'zod';
import type { ConnectionSettings } from '../../../connections/connection.ts';
import type { ConnectionInput } from '../../../connections/connection_service.ts';
import type { Choices } from '../../../choices.ts';
import { VALUE_TYPES } from '../../../claims/value_type.ts';
import { attribute, contextPath } from '../claims/attribute_schema.ts';
import { MAX_LIMIT, pagingQuery } from '../../paging.ts';
import { distinct, id, line, readOnly, uri } from '../../fields.ts';

const mapping = {
  mode: z.enum(['dynamic', 'static']).default('dynamic'),
  source: z.string().max(256).default('').meta({ description: 'A source path; none for a static mapping' }),
  target: contextPath,
  type: z.enum(VALUE_TYPES),
  static: z.unknown().optional().meta({ description: 'The value of a static mapping' }),
};
const answeredMapping = z.strictObject(mapping);
const givenMapping = z.strictObject({
  ...mapping,
  allow_weak_decoding: z.literal(false, 'must be false: values keep their types').optional(),
});

const common = {
  name: line(),
  disabled: z.boolean().meta({ description: 'Lets nobody in, and is not shown' }),
  hidden: z.boolean().meta({ description: 'Not shown, still reachable by idp_hint' }),
  display_order: z.int(),
  logo_uri: uri,
  static_amr: distinct(z.string().min(1).max(64), 20),
  attributes: z.array(attribute).max(200),
  mappings: z.array(givenMapping).max(200).meta({ description: 'None: the default mappings' }),
};
const config = {
  reload_claims_at_refresh_token: z.boolean().meta({
    description: 'A refresh looks at the person anew; else it repeats what their sign-in said of them',
  }),
};
const discovery = {
  domains: distinct(z.string().max(253), 100),
  instant_redirect: z.boolean(),
  identifier_based_matching: z.boolean(),
  fallback_provider: z.boolean(),
};
const sso = { disabled: z.boolean() };

const body = {
  ...z.strictObject(common).partial().shape,
  config: z.strictObject(config).partial().optional(),
  discovery_settings: z.strictObject(discovery).partial().optional(),
  sso_settings: z.strictObject(sso).partial().optional(),
  method: readOnly,
  version: readOnly,
  tenant_id: readOnly,
  workspace_id: readOnly,
  authorization_server_id: readOnly,
};

/** What connects a pool to a workspace (contract 1.11). */
export const ConnectionBody = z
  .strictObject({
    ...body,
    id: id.optional(),
    identity_pool_id: id,
  })
  .meta({ id: 'IdentityPoolIDP' });

export const UpdateConnectionBody = z
  .strictObject({ ...body, id: readOnly, identity_pool_id: id.optional() })
  .meta({ id: 'UpdateIdentityPoolIDP' });

export const ConnectionResponse = z
  .strictObject({
    ...common,
    mappings: z.array(answeredMapping),
    id,
    tenant_id: id,
    workspace_id: id,
    authorization_server_id: id,
    identity_pool_id: id,
    method: z.literal('identity_pool'),
    version: z.literal(3),
    config: z.strictObject(config),
    discovery_settings: z.strictObject(discovery),
    sso_settings: z.strictObject(sso),
  })
  .meta({ id: 'IdentityPoolIDPResponse' });

export const ConnectionsResponse = z
  .strictObject({ idps: z.array(ConnectionResponse) })
  .meta({ id: 'IDPsResponse' });

function toMapping(given: z.output<typeof givenMapping>): z.output<typeof answeredMapping> {
  const { allow_weak_decoding: _weak, ...kept } = given;
  return kept;
}

type Body = Omit<z.output<typeof UpdateConnectionBody>, 'id' | 'identity_pool_id'>;

export function toConnectionSettings(given: Body): Choices<ConnectionSettings> {
  return {
    name: given.name,
    disabled: given.disabled,
    hidden: given.hidden,
    displayOrder: given.display_order,
    logoUri: given.logo_uri,
    staticAmr: given.static_amr,
    config: given.config && {
      reloadClaimsAtRefreshToken: given.config.reload_claims_at_refresh_token ?? true,
    },
    discoverySettings: given.discovery_settings && {
      domains: given.discovery_settings.domains ?? [],
      instantRedirect: given.discovery_settings.instant_redirect ?? false,
      identifierBasedMatching: given.discovery_settings.identifier_based_matching ?? false,
      fallbackProvider: given.discovery_settings.fallback_provider ?? false,
    },
    ssoSettings: given.sso_settings && { disabled: given.sso_settings.disabled ?? false },
    attributes: given.attributes,
    mappings: given.mappings?.map(toMapping),
  };
}

export const toNewConnection = (given: z.output<typeof ConnectionBody>): ConnectionInput => ({
  ...toConnectionSettings(given),
  id: given.id,
  poolId: given.identity_pool_id,
});

/**
 * A pool may be connected to any number of workspaces; the pages of the list go by workspace. The contract's clients
 * ask for no page and expect all: few pools have more than one page of this size.
 */
export const PoolConnectionsQuery = z.strictObject(pagingQuery('server', MAX_LIMIT));
