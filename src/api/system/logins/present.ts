import type { Handshake } from '../../../sessions/handshake.ts';

function common(id: string, { tenantId, workspaceId, request, createdAt, expiresAt }: Handshake) {
  return {
    id,
    tenant_id: tenantId,
    server_id: workspaceId,
    client_info: {
      client_id: request.clientId,
      client_name: request.clientName,
      ...(request.logoUri === undefined ? {} : { logo_uri: request.logoUri }),
    },
    requested_scopes: request.scopes,
    ...(request.uiLocales === undefined ? {} : { ui_locales: request.uiLocales }),
    created_at: createdAt.toISOString(),
    expires_at: expiresAt.toISOString(),
  };
}

export function presentLogin(id: string, handshake: Handshake): object {
  const { acrValues, prompt, maxAgeSeconds, loginHint, idpHint } = handshake.request;
  return {
    ...common(id, handshake),
    requested_acr: acrValues,
    ...(prompt === undefined ? {} : { prompt }),
    ...(maxAgeSeconds === undefined ? {} : { max_age: maxAgeSeconds }),
    ...(loginHint === undefined ? {} : { login_hint: loginHint }),
    ...(idpHint === undefined ? {} : { idp_hint: idpHint }),
  };
}

export function presentScopeGrant(id: string, handshake: Handshake): object {
  const { claims, subject = '' } = handshake.request;
  return { ...common(id, handshake), requested_claims: claims, subject };
}
