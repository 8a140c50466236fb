import { UnsecuredJWT } from 'jose';
import type { ClientRegistration } from '../clients/registration.ts';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import type { WorkspaceServer } from './workspace_server.ts';

/** The name of the account page among a workspace's clients. No client that is registered can have it: it is no slug. */
export const ACCOUNT_CLIENT_ID = 'weir.account';

/** Where people look after their account. */
export const accountPath = ({ tenantId, workspaceId }: { tenantId: string; workspaceId: string }): string =>
  `/${tenantId}/${workspaceId}/account`;

/**
 * The account page as an application of the workspace, so that it asks for a sign-in as any other does. It can be
 * used for nothing else: it gets no code and no token (`response_type=none`), has no secret that fits, and takes
 * requests only that this server has pushed for it.
 */
export function accountClient(snapshot: WorkspaceSnapshot, issuer: string): ClientRegistration {
  return {
    clientId: ACCOUNT_CLIENT_ID,
    clientName: snapshot.branding.displayName ?? snapshot.name,
    active: true,
    applicationType: 'web',
    tokenEndpointAuthMethod: 'client_secret_basic',
    // The hash of no secret.
    secretHash: 'none',
    secretSealed: undefined,
    rotatedSecrets: [],
    redirectUris: [`${issuer}/account`],
    postLogoutRedirectUris: [],
    grantTypes: [],
    responseTypes: ['none'],
    scopes: ['openid'],
    audience: [],
    trusted: true,
    enforcePkce: false,
    requiredGroups: [],
    settings: { require_pushed_authorization_requests: true, app_url: `${issuer}/account` },
  };
}

// RFC 9126 §2.2; the workspace may give it less.
const PUSHED_SECONDS = 60;
const URN = 'urn:ietf:params:oauth:request_uri:';

/**
 * Where the browser goes to sign in for the account page and come back to a section of it.
 * @param anew whoever is signed in proves it again.
 */
export async function accountSignIn(
  { provider, issuer }: WorkspaceServer,
  { section, anew }: { readonly section: string; readonly anew: boolean },
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const request = new UnsecuredJWT({
    client_id: ACCOUNT_CLIENT_ID,
    response_type: 'none',
    redirect_uri: `${issuer}/account`,
    scope: 'openid',
    // `state` comes back as it is; nobody but this server can have set it.
    state: section === '' ? 'account' : section,
    ...(anew ? { prompt: 'login' } : {}),
  })
    .setIssuer(ACCOUNT_CLIENT_ID)
    .setAudience(issuer)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + PUSHED_SECONDS)
    .encode();
  const pushed = new provider.PushedAuthorizationRequest({ request, trusted: true } as never);
  const id = await pushed.save(PUSHED_SECONDS);
  return `${issuer}/oauth2/authorize?${new URLSearchParams({ client_id: ACCOUNT_CLIENT_ID, request_uri: `${URN}${id}` })}`;
}
