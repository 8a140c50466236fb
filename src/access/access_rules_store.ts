/** SQL of a workspace's own scopes, as a document; takes expressions, never values. */
export const scopesDocument = (tenantId: string, workspaceId: string): string => `coalesce((
  SELECT json_agg(json_build_object('name', s.name, 'displayName', s.display_name, 'description', s.description,
           'translations', s.translations, 'requiredGroups', s.required_groups, 'audience', a.audience)
           ORDER BY s.name)
    FROM scopes s LEFT JOIN apis a ON a.tenant_id = s.tenant_id AND a.api_id = s.api_id
   WHERE s.tenant_id = ${tenantId} AND s.workspace_id = ${workspaceId}), '[]')`;

/** The same of its APIs. */
export const apisDocument = (tenantId: string, workspaceId: string): string => `coalesce((
  SELECT json_agg(json_build_object('audience', a.audience, 'tokenFormat', a.token_format,
           'tokenSigningAlg', a.token_signing_alg,
           'accessTokenTtlSeconds', a.access_token_ttl_s, 'clientId', a.client_id,
           'requiredGroups', a.required_groups))
    FROM apis a WHERE a.tenant_id = ${tenantId} AND a.workspace_id = ${workspaceId}), '[]')`;
