import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addWorkspace, mara, relyingParty } from '../support/demo.ts';
import { client } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { registerClient } from '../support/stock_client.ts';

const orders = 'https://orders.example.test/';

let server: TestServer;
let keys: ReturnType<typeof createRemoteJWKSet>;

beforeAll(async () => {
  server = await startTestServer();
  keys = createRemoteJWKSet(new URL(`${server.issuer}/.well-known/jwks.json`));
});
afterAll(() => server.stop());

/** The API's whole check. */
async function verify(token: string, audience: string): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keys, { issuer: server.issuer, audience });
  return payload;
}

/** The token that a service gets for itself. */
async function serviceToken(workspaceId: string, resource?: string) {
  const registration = await registerClient(
    server,
    { grantTypes: ['client_credentials'], audience: [orders], scopes: ['orders'] },
    workspaceId,
  );
  const config = await client.discovery(
    new URL(registration.issuer),
    registration.clientId,
    registration.clientSecret,
    undefined,
    { execute: [client.allowInsecureRequests] },
  );
  const answer = await client.clientCredentialsGrant(config, resource === undefined ? {} : { resource });
  return { token: answer.access_token, clientId: registration.clientId };
}

test('jose accepts the token of a service', async () => {
  const { token, clientId } = await serviceToken('demo');
  const payload = await verify(token, `${server.issuer}/api`);
  expect(payload).toMatchObject({ sub: clientId, client_id: clientId });
  await expect(verify(token, orders)).rejects.toMatchObject({ claim: 'aud' });
});

test('jose accepts the token of a person for the API that it was asked for', async () => {
  const app = await relyingParty(server, { audience: [orders], scopes: ['openid', 'orders'] });
  const flow = await app.begin({ resource: orders, scope: 'openid orders' });
  const { stoppedAt } = await app.browser.submit('#login-form', mara);
  const tokens = await client.authorizationCodeGrant(
    app.config,
    stoppedAt ?? flow.url,
    { pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce },
    { resource: orders },
  );
  const payload = await verify(tokens.access_token, orders);
  expect(payload).toMatchObject({
    sub: tokens.claims()?.sub,
    client_id: app.options.clientId,
    scope: 'orders',
  });
});

test('jose refuses the token of another workspace for the same API', async () => {
  await addWorkspace(server.elsewhere, 'elsewhere');
  const { token } = await serviceToken('elsewhere', orders);
  await expect(verify(token, orders)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  const ours = await serviceToken('demo', orders);
  expect(await verify(ours.token, orders)).toMatchObject({ aud: orders });
});
