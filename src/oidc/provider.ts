import {
  type AccessToken,
  type ClientCredentials,
  type Configuration,
  errors,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider';
import type Koa from 'koa';
import { aboutIssue } from '../claims/built_in.ts';
import { isAdmittedTo, scopesWithoutApi } from '../access/access_rules.ts';
import { isPublicClient } from '../clients/registration.ts';
import { currentUnit } from '../sessions/unit_of_work.ts';
import { algOf, SIGNING_ALGS } from '../workspaces/signing_key.ts';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';
import { createFindAccount } from './accounts.ts';
import { ACR_VALUES } from './acr.ts';
import { createAdapterFactory } from './adapter.ts';
import { isShutOut, mayIntrospect, refuseApis, withholdScopes } from './admission.ts';
import {
  accessTokenClaims,
  claimNames,
  contextToKeep,
  OIDC_SCOPES,
  SELF_SCOPES,
  signedInBy,
} from './claims.ts';
import type { WorkspaceClients } from './clients.ts';
import { loadGrantFor } from './grants.ts';
import { recordEvents } from './events.ts';
import type { OidcPages } from './oidc_pages.ts';
import { deferLogoutTokens } from './backchannel_logout.ts';
import { compareStoredSecrets } from './client_secrets.ts';
import { lifetimesFor } from './lifetimes.ts';
import { createPolicy } from './policy/index.ts';
import { servesOneApplication } from './policy/single_sign_on.ts';
import { needsStepUp } from './policy/step_up.ts';
import { limitPushedRequests } from './pushed_requests.ts';
import { nameScopes } from './scope_claims.ts';
import { subjectFor } from './subjects.ts';
import { defaultApi, managementAudience, resourceServer } from './resources.ts';

export type ProviderDeps = {
  /** Origin under which people and clients reach the server, without a trailing slash. */
  readonly publicUrl: string;
  readonly cookieKeys: readonly string[];
  readonly snapshot: WorkspaceSnapshot;
  readonly clients: WorkspaceClients;
  /** Compares a presented client secret with what is stored, and opens what was sealed. */
  readonly clientSecrets: Parameters<typeof compareStoredSecrets>[2];
  readonly pages: OidcPages;
  /** The guarded `fetch`; the library adds its own guard in the options. */
  readonly fetch: typeof globalThis.fetch;
  /** Told of what the library answered with `server_error`. */
  readonly onServerError: (ctx: KoaContextWithOIDC, error: Error) => void;
};

/** From the first page of a sign-in to its end. */
const INTERACTION_SECONDS = 60 * 60;
/** A grant lives at least as long as its refresh token, and a little longer than what is issued at its end. */
const GRANT_MARGIN_SECONDS = 60 * 60;

/** RFC 7523 §3 lets a server refuse assertions that end unreasonably far in the future. */
const MAX_ASSERTION_SECONDS = 10 * 60;

const SCHEME_COOKIE_PREFIX = '__Secure-';

/** The issuer of a workspace. */
export const issuerOf = (publicUrl: string, scope: { tenantId: string; workspaceId: string }): string =>
  `${publicUrl}/${scope.tenantId}/${scope.workspaceId}`;

/** Below it lives every page of one interaction, because its cookie's path is exactly this (design 4.5). */
export const interactionPath = (scope: { tenantId: string; workspaceId: string }, uid: string): string =>
  `/${scope.tenantId}/${scope.workspaceId}/interaction/${uid}`;

/** Builds the OAuth/OIDC server of one workspace. */
export function createProvider(deps: ProviderDeps): Provider {
  const { publicUrl, snapshot, clients } = deps;
  const issuer = issuerOf(publicUrl, snapshot);
  const provider = new Provider(issuer, configuration(deps, issuer));
  const scheme = new URL(publicUrl).protocol.slice(0, -1);
  pinProtocol(provider, scheme);
  compareStoredSecrets(provider, clients, deps.clientSecrets);
  deferLogoutTokens(provider);
  limitPushedRequests(provider, snapshot.lifetimes.pushedRequestSeconds);
  withholdScopes(provider, snapshot);
  recordEvents(provider, snapshot, deps.onServerError);
  return provider;
}

/** The scheme of answers comes from configuration, never from the connection (rule 22). */
export function pinProtocol(app: Koa, scheme: string): void {
  Object.defineProperty(app.request, 'protocol', { get: () => scheme });
}

function configuration(deps: ProviderDeps, issuer: string): Configuration {
  const { publicUrl, snapshot, clients, pages } = deps;
  const { lifetimes } = snapshot;
  const secure = publicUrl.startsWith('https:');
  const path = `/${snapshot.tenantId}/${snapshot.workspaceId}`;
  const prefix = secure ? SCHEME_COOKIE_PREFIX : '';
  const ownApi = defaultApi(snapshot, publicUrl, issuer);
  const clientOf = (ctx: KoaContextWithOIDC) => clients.known(ctx.oidc.client?.clientId ?? '');
  const lifetimesOf = (clientId: string | undefined) => lifetimesFor(snapshot, clients.known(clientId ?? ''));

  return {
    adapter: createAdapterFactory({
      findClient: (clientId) => clients.findMetadata(clientId),
      contextToKeep: (token) => contextToKeep(snapshot, token),
      refreshTokenLeewaySeconds(clientId) {
        const client = clientId === undefined ? undefined : clients.known(clientId);
        return client && isPublicClient(client) ? lifetimes.refreshTokenLeewaySeconds : 0;
      },
    }),
    findAccount: createFindAccount(snapshot, clients),
    jwks: { keys: snapshot.keys.map((key) => key.jwk) },
    acrValues: [...ACR_VALUES],
    claims: claimNames(snapshot),
    scopes: [...OIDC_SCOPES, ...SELF_SCOPES, ...scopesWithoutApi(snapshot.access)],
    // Stock clients read name and address from the ID token; to withhold them there surprises (OIDC Core §5.4 lets us).
    conformIdTokenClaims: false,
    subjectTypes: [...snapshot.subjectIdentifierTypes],
    pairwiseIdentifier: async (_ctx, userId, client) =>
      subjectFor(snapshot, await clients.find(client.clientId), userId),
    // Who registers clients answers for their sectors (see `subject_type.ts`).
    sectorIdentifierUriValidate: () => false,
    // No implicit flow (RFC 9700 §2.1.2).
    responseTypes: ['code', 'none'],
    clientAuthMethods: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'none',
    ],
    routes: {
      authorization: '/oauth2/authorize',
      token: '/oauth2/token',
      userinfo: '/userinfo',
      jwks: '/.well-known/jwks.json',
      introspection: '/oauth2/introspect',
      revocation: '/oauth2/revoke',
      pushed_authorization_request: '/par',
      end_session: '/oidc/logout',
    },
    cookies: {
      keys: [...deps.cookieKeys],
      names: {
        session: `${prefix}weir_session`,
        interaction: `${prefix}weir_interaction`,
        resume: `${prefix}weir_resume`,
      },
      long: { path, httpOnly: true, sameSite: 'lax', secure, signed: true },
      short: { httpOnly: true, sameSite: 'lax', secure, signed: true },
    },
    interactions: {
      policy: createPolicy({
        absoluteSessionSeconds: lifetimes.absoluteSessionSeconds,
        servesOneApplication: (ctx) => servesOneApplication(ctx, snapshot),
        needsStepUp: (ctx) => needsStepUp(ctx, snapshot),
        isShutOut: (ctx) => isShutOut(ctx, clients),
        refuseApis: (ctx) => refuseApis(ctx, snapshot),
      }),
      url: (_ctx, interaction) => `${publicUrl}${interactionPath(snapshot, interaction.uid)}`,
    },
    pkce: {
      required: (ctx, client) => {
        // A public client may never be exempted (rule 23).
        if (client.tokenEndpointAuthMethod === 'none') return true;
        return snapshot.enforcePkce && (clientOf(ctx)?.enforcePkce ?? true);
      },
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    acceptQueryParamAccessTokens: false,
    // idp_hint names the connection to sign in with (contract 4).
    extraParams: ['idp_hint'],
    // The library's own needs SameSite=None cookies; `post_requests.ts` does it with Lax ones.
    enableHttpPostMethods: false,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      introspection: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => mayIntrospect(snapshot, clients, client.clientId, token),
      },
      revocation: {
        enabled: true,
        // Somebody else's token is left alone and nothing is said about it (RFC 7009 §2.1).
        allowedPolicy: async (_ctx, client, token) => token.clientId === client.clientId,
      },
      pushedAuthorizationRequests: {
        enabled: true,
        requirePushedAuthorizationRequests: snapshot.requirePushedAuthorizationRequests,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (ctx, _client, oneOf) => {
          if (oneOf) return oneOf[0] ?? oneOf;
          return ctx.oidc.params?.grant_type === 'client_credentials' ? ownApi : undefined;
        },
        getResourceServerInfo: async (ctx, resource, client) => {
          // At the authorization endpoint the person is not known yet; there the policy asks.
          const { account } = ctx.oidc;
          const person = currentUnit().accountOf(account?.accountId);
          if (account && !isAdmittedTo(snapshot.access, resource, person)) throw new errors.InvalidTarget();
          return resourceServer(resource, await clients.find(client.clientId), {
            own: ownApi,
            self: managementAudience(publicUrl),
            accessTokenSeconds: lifetimesFor(snapshot, clientOf(ctx)).accessTokenSeconds,
            ownFormat: snapshot.accessTokenStrategy,
            rules: snapshot.access,
          });
        },
        useGrantedResource: async () => false,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx) => pages.confirmLogout(ctx),
        postLogoutSuccessSource: (ctx) => pages.signedOut(ctx),
      },
      backchannelLogout: { enabled: true },
      userinfo: { enabled: true },
      // For clients that ask for it (`userinfo_signed_response_alg`).
      jwtUserinfo: { enabled: true },
    },
    renderError: (ctx, out, error) => pages.error(ctx, out, error),
    loadExistingGrant: (ctx) =>
      loadGrantFor(
        ctx,
        clientOf(ctx)?.trusted ?? false,
        lifetimesFor(snapshot, clientOf(ctx)).refreshTokenSeconds,
      ),
    // What a code is exchanged for decides the client's registration, not a scope that the library drops (design 4.8).
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    // Tokens of clients that refresh outlive the browser's idle session; logout still ends them (see events.ts).
    expiresWithSession: async (ctx) => !ctx.oidc.client?.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: (ctx) =>
      ctx.oidc.client?.tokenEndpointAuthMethod === 'none' || snapshot.rotateConfidentialRefreshTokens,
    extraTokenClaims: async (ctx, token) => extraTokenClaims(ctx, snapshot, token),
    clientBasedCORS: (_ctx, origin, client) =>
      origin !== 'null' && (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    clientDefaults: { id_token_signed_response_alg: algOf(snapshot.keyType) },
    formats: { customizers: { jwt: (_ctx, token, parts) => nameScopes(snapshot, publicUrl, token, parts) } },
    ttl: {
      AccessToken: (_ctx, token) =>
        token.resourceServer?.accessTokenTTL ?? lifetimesOf(token.clientId).accessTokenSeconds,
      AuthorizationCode: (_ctx, code) => lifetimesOf(code.clientId).authorizationCodeSeconds,
      ClientCredentials: (_ctx, token) =>
        token.resourceServer?.accessTokenTTL ?? lifetimesOf(token.clientId).accessTokenSeconds,
      Grant: (_ctx, grant) => lifetimesOf(grant.clientId).refreshTokenSeconds + GRANT_MARGIN_SECONDS,
      IdToken: (_ctx, _token, client) => lifetimesOf(client.clientId).idTokenSeconds,
      Interaction: INTERACTION_SECONDS,
      // Rotation never prolongs: the family ends when its first token would have (S-OA-05).
      RefreshToken: (ctx, token) =>
        ctx?.oidc.entities.RotatedRefreshToken?.remainingTTL ??
        lifetimesOf(token.clientId).refreshTokenSeconds,
      Session: lifetimes.sessionSeconds,
    },
    assertJwtClientAuthClaimsAndHeader: async (_ctx, claims) => {
      // Its identity is kept until it ends, so it has to end soon.
      if (Number(claims.exp) > Date.now() / 1000 + MAX_ASSERTION_SECONDS) {
        throw new errors.InvalidClientAuth('the assertion must expire within ten minutes');
      }
    },
    fetch: (url, options) => deps.fetch(url, options),
    enabledJWA: {
      // No symmetric signatures but for client_secret_jwt: a verifier must never be able to sign (S-OA-10).
      clientAuthSigningAlgValues: ['HS256', ...SIGNING_ALGS],
      // Discovery lists those of them that the workspace has a key of.
      idTokenSigningAlgValues: [...SIGNING_ALGS],
      userinfoSigningAlgValues: [...SIGNING_ALGS],
    },
  };
}

/** What APIs learn besides the standard claims: when and how the person signed in, and where (contract 4). */
async function extraTokenClaims(
  ctx: KoaContextWithOIDC,
  snapshot: WorkspaceSnapshot,
  token: AccessToken | ClientCredentials,
): Promise<Record<string, unknown>> {
  const accountId = token.kind === 'AccessToken' ? token.accountId : undefined;
  const where = aboutIssue(snapshot, accountId === undefined ? 'client' : 'user');
  const source = signedInBy(ctx);
  if (accountId === undefined || !source) return where;
  const account = await currentUnit().findAccount(accountId);
  const said =
    account === undefined
      ? {}
      : accessTokenClaims(ctx, snapshot, account, {
          isReadable: token.resourceServer?.accessTokenFormat === 'jwt',
          scope: token.scope,
        });
  return { ...said, ...where, auth_time: source.authTime, amr: source.amr, acr: source.acr };
}
