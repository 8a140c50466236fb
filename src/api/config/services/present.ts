import type { Api } from '../../../access/api.ts';
import type { ApiWithScopes } from '../../../access/api_service.ts';
import { formatDuration } from '../../../duration.ts';
import type { Answer } from '../../route.ts';
import { presentRequiredGroups } from '../required_groups.ts';

export const presentServiceSummary = (api: Api) => ({
  id: api.id,
  tenant_id: api.tenantId,
  authorization_server_id: api.workspaceId,
  name: api.name,
  description: api.description,
  type: 'user',
  custom_audience: api.audience,
  audience: api.audience,
  token_format: api.tokenFormat,
  token_signing_alg: api.tokenSigningAlg,
  ...(api.accessTokenTtlSeconds === null
    ? {}
    : { access_token_ttl: formatDuration(api.accessTokenTtlSeconds) }),
  ...(api.clientId === null ? {} : { client_id: api.clientId }),
  required_groups: presentRequiredGroups(api.requiredGroups),
  with_specification: false,
  system: false,
  updated_at: api.updatedAt,
});

export const presentService = ({ api, scopes }: ApiWithScopes): object => ({
  ...presentServiceSummary(api),
  number_of_scopes: scopes.length,
  scopes: scopes.map((scope) => ({
    id: scope.id,
    name: scope.name,
    display_name: scope.displayName,
    description: scope.description,
  })),
});

export const answerService = (service: ApiWithScopes): Answer => ({
  body: presentService(service),
  version: service.api.rowVersion,
});
