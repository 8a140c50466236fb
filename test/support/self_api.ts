import { hashPassword } from '../../src/credentials/hashers/index.ts';
import { putPassword } from '../../src/users/factors/password_store.ts';
import { callerWith, startApiServer, type ApiClient, type ApiServer } from './api_server.ts';
import { person, SYSTEM_ACTOR } from './domain.ts';
import { client, RelyingParty } from './relying_party.ts';

export const CALLBACK = 'https://account.example.test/cb';
export const SECRET = 'a client secret of the self API tests 0001';
export const PASSWORD = 'another quiet otter river';
export const ALL_SCOPES = 'openid view_ss_profile manage_ss_profile';

export type Person = { readonly id: string; readonly identifier: string };
export type SignedIn = ApiClient & { readonly token: string; readonly idToken: string };

export type SelfServer = Omit<ApiServer, 'signIn'> & {
  /** Of the tenant `acme`'s workspace `shop`, to which its pool `customers` is connected. */
  readonly base: string;
  /** With a backend's token: scope `identity`. */
  readonly backend: ApiClient;
  /** An active person of the pool, with a verified address. */
  addPerson(name: string, more?: object): Promise<Person>;
  /** What somebody reads who signs in at an application that is not of the house. */
  consentPage(clientId: string, who: string): Promise<string>;
  /** Signs somebody in at an application of the workspace and calls with the token it got. */
  signIn(
    who: string,
    scope?: string,
    as?: { clientId?: string; workspaceId?: string; resource?: string },
  ): Promise<SignedIn>;
};

/** A server with people who use the self API. */
export async function startSelfServer(): Promise<SelfServer> {
  const server = await startApiServer();
  const { domain, url } = server;
  await server.createTenant('acme');
  const scope = { tenantId: 'acme', workspaceId: 'shop' };
  await domain.workspaces.create({ tenantId: 'acme' }, { id: 'shop', name: 'Shop' }, SYSTEM_ACTOR);
  await domain.pools.create({ tenantId: 'acme' }, { id: 'customers', name: 'Customers' }, SYSTEM_ACTOR);
  await domain.connections.create(scope, { poolId: 'customers', name: 'Customers' }, SYSTEM_ACTOR);
  await domain.clients.create(
    scope,
    {
      id: 'account-app',
      clientSecret: SECRET,
      redirectUris: [CALLBACK],
      scopes: ['openid', 'profile', 'view_ss_profile', 'manage_ss_profile'],
      audience: [`${url}/api`],
      trusted: true,
    },
    SYSTEM_ACTOR,
  );
  await domain.clients.create(
    { tenantId: 'acme', workspaceId: 'system' },
    { id: 'backend', clientSecret: SECRET, grantTypes: ['client_credentials'], scopes: ['identity'] },
    SYSTEM_ACTOR,
  );
  // Everybody has the same one, hashed once: what it costs is tested elsewhere.
  const password = {
    hash: await hashPassword(PASSWORD),
    state: 'valid',
    expiresAfterSeconds: 0,
    historyLength: 0,
  } as const;
  const backendToken = await clientToken(`${url}/acme/system`, 'backend', 'identity');

  return {
    ...server,
    base: '/acme/shop/identity',
    backend: callerWith(url, () => Promise.resolve(backendToken)),
    async addPerson(name, more = {}) {
      const identifier = `${name.toLowerCase()}@example.test`;
      const { id } = await domain.users.create(
        { tenantId: 'acme', poolId: 'customers' },
        {
          status: 'active',
          payload: person(name),
          identifiers: [{ type: 'email', identifier }],
          addresses: [{ type: 'email', address: identifier, verified: true }],
          ...more,
        },
        SYSTEM_ACTOR,
      );
      const userScope = { tenantId: 'acme', poolId: 'customers', userId: id };
      await server.db.knex.transaction((tx) => putPassword(tx, userScope, password));
      return { id, identifier };
    },
    async consentPage(clientId, who) {
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: CALLBACK,
        response_type: 'code',
        scope: ALL_SCOPES,
      });
      const browser = RelyingParty.browserFor({ issuer: url });
      await browser.open(new URL(`${url}/acme/shop/oauth2/authorize?${query.toString()}`));
      const page = await browser.submit('#login-form', { identifier: who, password: PASSWORD });
      return page.body;
    },
    async signIn(who, asked = ALL_SCOPES, { clientId = 'account-app', workspaceId = 'shop', resource } = {}) {
      const app = await RelyingParty.discover({
        issuer: `${url}/acme/${workspaceId}`,
        clientId,
        clientSecret: SECRET,
        redirectUri: CALLBACK,
        scope: asked,
      });
      const target = resource === undefined ? {} : { resource };
      const flow = await app.begin(target);
      const end = await app.browser.submit('#login-form', { identifier: who, password: PASSWORD });
      // RFC 8707 §2.2: the token request names the API again.
      const tokens = await client.authorizationCodeGrant(
        app.config,
        end.stoppedAt ?? end.url,
        { pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce },
        target,
      );
      const token = tokens.access_token;
      const caller = callerWith(url, () => Promise.resolve(token));
      return { ...caller, token, idToken: tokens.id_token ?? '' };
    },
  };
}

async function clientToken(issuer: string, clientId: string, scope: string): Promise<string> {
  const answer = await fetch(`${issuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`no token from ${issuer}`);
  return token;
}
