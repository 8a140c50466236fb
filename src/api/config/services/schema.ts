import { z } from 'zod';
import type { ApiInput } from '../../../access/api_service.ts';
import { SIGNING_ALGS } from '../../../workspaces/signing_key.ts';
import { anyOf, duration, durationAnswer, id, line, readOnly, time, uri } from '../../fields.ts';
import { pagingQuery } from '../../paging.ts';
import { requiredGroups, toRequiredGroups } from '../required_groups.ts';

const settings = {
  name: line(),
  description: line(1000),
  custom_audience: uri.meta({ description: 'What tokens for it name: an absolute URI (RFC 8707)' }),
  type: z.literal('user'),
  with_specification: z.literal(false),
  token_format: z.enum(['jwt', 'opaque']).meta({
    description: 'jwt: the API verifies tokens by itself (RFC 9068). opaque: it asks at /oauth2/introspect',
  }),
  token_signing_alg: z.enum(SIGNING_ALGS).meta({ description: 'What JWTs for it are signed with' }),
  client_id: id.meta({ description: 'The client by which the API asks about its tokens' }),
  required_groups: requiredGroups,
};

const { name, custom_audience: audience, ...rest } = settings;
const { client_id: _client, ...plain } = rest;
const body = {
  name,
  custom_audience: audience,
  ...z.strictObject(plain).partial().shape,
  client_id: z.string().max(64).optional().meta({ description: settings.client_id.description }),
  access_token_ttl: duration.optional().meta({ description: "Absent: as the workspace's access tokens" }),
  tenant_id: readOnly,
  audience: readOnly,
  system: readOnly,
  updated_at: readOnly,
  scopes: readOnly,
  number_of_scopes: readOnly,
};

/** What creates a service (an API, a resource server); other fields are refused. */
export const CreateServiceBody = z
  .strictObject({ ...body, id: z.string().max(64).optional(), authorization_server_id: id })
  .meta({ id: 'CreateServiceRequest' });

export const UpdateServiceBody = z
  .strictObject({ ...body, id: readOnly, authorization_server_id: id.optional() })
  .meta({ id: 'UpdateServiceRequest' });

const shown = {
  ...settings,
  client_id: id.optional(),
  access_token_ttl: durationAnswer.optional(),
  id,
  tenant_id: id,
  authorization_server_id: id,
  audience: uri,
  system: z.literal(false),
  updated_at: time,
};

/** A service as it stands beside a scope. */
export const ServiceSummary = z.strictObject(shown).meta({ id: 'Service' });

export const ServiceResponse = z
  .strictObject({
    ...shown,
    number_of_scopes: z.int(),
    scopes: z.array(
      z.strictObject({ id, name: z.string(), display_name: z.string(), description: z.string() }),
    ),
  })
  .meta({ id: 'ServiceWithScopesResponse' });

export const ServicesResponse = z
  .strictObject({ services: z.array(ServiceResponse) })
  .meta({ id: 'ServicesResponse' });

export const ServicesQuery = z.strictObject({
  ...pagingQuery('service'),
  sort: z.enum(['id']).optional(),
  service_types: anyOf(z.enum(['user', 'oauth2', 'oidc', 'system', 'openbanking'])).meta({
    description: 'Types, separated by commas; `user` is the only one there is',
  }),
  search_phrase: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ description: 'The id of a service, or a part of its name' }),
});

type Body = Omit<z.output<typeof CreateServiceBody>, 'id' | 'authorization_server_id'>;

/** The body in the words of the domain. */
export const toApiInput = (given: Body): ApiInput => ({
  name: given.name,
  description: given.description,
  audience: given.custom_audience,
  tokenFormat: given.token_format,
  tokenSigningAlg: given.token_signing_alg,
  accessTokenTtlSeconds: given.access_token_ttl,
  // The empty text is how some callers say "none".
  clientId: given.client_id === '' ? undefined : given.client_id,
  requiredGroups: toRequiredGroups(given.required_groups),
});
