import { createHmac, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as oidc from 'openid-client';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { apiRoutes } from '../../src/api/index.ts';
import type { Route } from '../../src/api/route.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { ALL_SCOPES, CALLBACK, SECRET, startSelfServer, type SelfServer } from '../support/self_api.ts';

type Kind = Route['requires']['token'];
/** A token that is good nowhere, or for routes of one kind only. */
type Presented = { readonly token: string; readonly goodFor?: Kind };

const CHIEF = { identifier: 'chief@example.test', password: 'quiet otter crosses river' };
const guarded = apiRoutes.filter(({ requires }) => requires.token !== 'none');
const admin = { tenantId: 'acme', workspaceId: 'admin' };

let server: SelfServer;
let presented: Record<string, Presented>;

beforeAll(async () => {
  server = await startSelfServer();
  const chief = await tokensOfChief();
  await server.addPerson('Kim');
  const kim = await server.signIn('kim@example.test');
  const kimsJwt = await server.signIn('kim@example.test', ALL_SCOPES, { resource: `${server.url}/api` });
  presented = {
    'an opaque access token of an administrator': { token: chief.opaque, goodFor: 'tenant' },
    'a JWT access token of an administrator': { token: chief.jwt, goodFor: 'tenant' },
    'the token of a client that administers': { token: await server.token('acme'), goodFor: 'tenant' },
    'the token of a backend': { token: await server.systemToken('acme', 'identity'), goodFor: 'system' },
    'an opaque access token of a person': { token: kim.token, goodFor: 'self' },
    'a JWT access token of a person': { token: kimsJwt.token, goodFor: 'self' },
    'the ID token of an administrator': { token: chief.idToken },
    'the ID token of a person': { token: kim.idToken },
    'a refresh token': { token: chief.refreshToken },
    'the token of a client that was deleted': { token: await tokenOfGone('deleted') },
    'the token of a client that was disabled': { token: await tokenOfGone('disabled') },
    'a token that is bound to a key, without the key': { token: await boundToken() },
    ...(await forgeries(chief.jwt)),
  };
});
afterAll(() => server.stop());
afterEach(() => vi.useRealTimers());

async function tokensOfChief() {
  const { domain, url } = server;
  const pool = (await domain.pools.list({ tenantId: 'acme' }, {}, { limit: 9 })).find(({ system }) => system);
  const { id } = await domain.users.create(
    { tenantId: 'acme', poolId: pool?.id ?? '' },
    {
      status: 'active',
      payload: person('Chief'),
      identifiers: [{ type: 'email', identifier: CHIEF.identifier }],
      password: { password: CHIEF.password, mustBeChanged: false, mustBeReset: false },
    },
    SYSTEM_ACTOR,
  );
  const role = { resourceType: 'tenant', resourceId: '', role: 'admin' } as const;
  const to = { subjectType: 'identity_pool_user', subjectId: id } as const;
  await domain.roles.grant({ tenantId: 'acme' }, { ...role, ...to }, SYSTEM_ACTOR);
  await domain.clients.create(
    admin,
    {
      id: 'console',
      clientSecret: SECRET,
      redirectUris: [CALLBACK],
      grantTypes: ['authorization_code', 'refresh_token'],
      audience: [`${url}/api`],
      trusted: true,
    },
    SYSTEM_ACTOR,
  );
  const app = await RelyingParty.discover({
    issuer: `${url}/acme/admin`,
    clientId: 'console',
    clientSecret: SECRET,
    redirectUri: CALLBACK,
  });
  const { tokens } = await app.signIn(CHIEF);
  const forApi = { resource: `${url}/api` };
  const flow = await app.begin(forApi);
  const jwt = await oidc.authorizationCodeGrant(
    app.config,
    flow.page.stoppedAt ?? flow.url,
    { pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce },
    forApi,
  );
  return {
    opaque: tokens.access_token,
    jwt: jwt.access_token,
    idToken: tokens.id_token ?? '',
    refreshToken: tokens.refresh_token ?? '',
  };
}

async function tokenOfGone(end: 'deleted' | 'disabled'): Promise<string> {
  const { domain } = server;
  const client = { grantTypes: ['client_credentials'] } as const;
  const { id, clientSecret = '' } = await domain.clients.create(admin, client, SYSTEM_ACTOR);
  const token = await server.token('acme', { clientId: id, clientSecret });
  const scope = { tenantId: 'acme', clientId: id };
  if (end === 'deleted') await domain.clients.remove(scope, SYSTEM_ACTOR);
  else await domain.clients.update(scope, { ...client, clientStatus: 'inactive' }, SYSTEM_ACTOR);
  return token;
}

async function boundToken(): Promise<string> {
  const client = { grantTypes: ['client_credentials'], dpopBoundAccessTokens: true } as const;
  const { id, clientSecret } = await server.domain.clients.create(admin, client, SYSTEM_ACTOR);
  const config = await oidc.discovery(new URL(`${server.url}/acme/admin`), id, clientSecret, undefined, {
    execute: [oidc.allowInsecureRequests],
  });
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
  const tokens = await oidc.clientCredentialsGrant(config, undefined, { DPoP });
  expect(tokens.token_type).toBe('dpop');
  return tokens.access_token;
}

/** What somebody makes of a good token who has all that is public, but no key of ours (T-608). */
async function forgeries(jwt: string): Promise<Record<string, Presented>> {
  const header = decodeProtectedHeader(jwt);
  const claims = decodeJwt(jwt);
  const { keys } = (await (await fetch(`${server.url}/acme/admin/.well-known/jwks.json`)).json()) as {
    keys: (JsonWebKey & { kid: string })[];
  };
  const jwk = keys.find(({ kid }) => kid === header.kid) ?? {};
  const own = await generateKeyPair('ES256');
  const signed = (more: object, key = own.privateKey, said = claims) =>
    new SignJWT(said).setProtectedHeader({ ...header, alg: 'ES256', ...more }).sign(key);
  const [head, body, signature] = jwt.split('.') as [string, string, string];
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const mac = (key: string) => {
    const input = `${encode({ ...header, alg: 'HS256' })}.${body}`;
    return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  };
  const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;
  const forged: Record<string, string> = {
    'unsigned, alg none': `${encode({ ...header, alg: 'none' })}.${body}.`,
    'unsigned, alg None': `${encode({ ...header, alg: 'None' })}.${body}.`,
    'without its signature': `${head}.${body}.`,
    'with other claims': `${head}.${encode({ ...claims, sub: 'somebody' })}.${signature}`,
    'as another type': `${encode({ ...header, typ: 'JWT' })}.${body}.${signature}`,
    'signed with the public key as a password': mac(pem(createPublicKey({ key: jwk, format: 'jwk' }))),
    'signed with the public key in JSON as a password': mac(JSON.stringify(jwk)),
    'signed with another key under the same id': await signed({}),
    'signed with another key that it brings along': await signed({ jwk: await exportJWK(own.publicKey) }),
    'signed with another key that is to be fetched': await signed({ jku: 'http://127.0.0.1:9/jwks' }),
    'under an id that is a path': await signed({ kid: '../../../../dev/null' }),
    'under an id that is SQL': await signed({ kid: "' OR 1=1 --" }),
    'without an id': await signed({ kid: undefined }),
  };
  return Object.fromEntries(
    Object.entries(forged).map(([name, token]) => [`a forged JWT, ${name}`, { token }]),
  );
}

const KINDS = [
  'an opaque access token of an administrator',
  'a JWT access token of an administrator',
  'the token of a client that administers',
  'the token of a backend',
  'an opaque access token of a person',
  'a JWT access token of a person',
] as const;

async function call({ method, path }: Route, token: string) {
  const params: Readonly<Record<string, string>> = { tid: 'acme', aid: 'shop' };
  const at = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? 'ghost');
  const answer = await fetch(server.url + at, {
    method: method.toUpperCase(),
    headers: { authorization: `Bearer ${token}` },
  });
  const body = (await answer.text()).replace(/"correlation_id":"[^"]*"/, '');
  return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body };
}

/** Asks all routes with a token; those that took it for more than garbage. */
async function routesThatTake(token: string, routes: readonly Route[]): Promise<string[]> {
  const refused = await call(guarded[0] as Route, 'x'.repeat(43));
  expect(refused).toMatchObject({ status: 401, challenge: 'Bearer realm="weir", error="invalid_token"' });
  const answers = await Promise.all(routes.map(async (route) => [route, await call(route, token)] as const));
  return answers
    .filter(([, answer]) => JSON.stringify(answer) !== JSON.stringify(refused))
    .map(([{ operationId }]) => operationId);
}

const ONE_OF_EACH = ['tenant', 'installation', 'system', 'self'].map(
  (kind) => guarded.find(({ requires }) => requires.token === kind) as Route,
);
const names = (routes: readonly Route[]) => routes.map(({ operationId }) => operationId);

// T-511, S-OA-11: on every route of the table, whatever is added to it.
describe('every operation', () => {
  it.each(KINDS)('takes for its own kind of caller only: %s', async (name) => {
    const { token, goodFor } = presented[name] as Presented;
    // The two forms of a token differ in how it is proven, and no route looks at that.
    const routes = name.startsWith('a JWT') ? ONE_OF_EACH : guarded;
    expect(await routesThatTake(token, routes)).toEqual(
      names(routes.filter(({ requires }) => requires.token === goodFor)),
    );
  });

  it('takes nothing else', async () => {
    const others = Object.entries(presented).filter(([, { goodFor }]) => goodFor === undefined);
    expect(others).toHaveLength(6 + 13);
    for (const [name, { token }] of others) {
      // What is wrong with the others shows where every token is looked at, whatever the route.
      const routes = /ID token|refresh/.test(name) ? guarded : ONE_OF_EACH;
      expect(await routesThatTake(token, routes), name).toEqual([]);
    }
  });

  it('takes none of them when their time is over', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61 * 60_000 });
    for (const name of KINDS) {
      const { token } = presented[name] as Presented;
      expect(await routesThatTake(token, ONE_OF_EACH), name).toEqual([]);
    }
  });
});
