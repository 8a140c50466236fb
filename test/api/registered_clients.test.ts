import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';

let server: ApiServer;
let manager: ApiClient;
beforeAll(async () => {
  server = await startApiServer();
  manager = server.api('default');
});
afterAll(() => server.stop());

const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }] };
const native = { application_type: 'native', token_endpoint_auth_method: 'none' };

/** What the API accepts, the issuer must be able to work with. */
const accepted: [string, Record<string, unknown>][] = [
  ['with defaults', {}],
  ['with scopes of an API of its own', { scope: 'openid orders:read https://api.example/all' }],
  ['with a query in its redirect URI', { redirect_uris: ['https://app.example.test/cb?tenant=1'] }],
  ['on localhost', { redirect_uris: ['http://localhost:3000/cb'] }],
  ['public', { token_endpoint_auth_method: 'none' }],
  ['native, private-use scheme', { ...native, redirect_uris: ['com.example.app:/cb'] }],
  ['native, loopback', { ...native, redirect_uris: ['http://127.0.0.1/cb'] }],
  ['native, loopback IPv6', { ...native, redirect_uris: ['http://[::1]:7777/cb'] }],
  ['native, claimed https', { ...native, redirect_uris: ['https://app.example.test/cb'] }],
  ['with a key', { token_endpoint_auth_method: 'private_key_jwt', jwks }],
  [
    'with a key and an algorithm',
    { token_endpoint_auth_method: 'private_key_jwt', jwks, token_endpoint_auth_signing_alg: 'PS256' },
  ],
  [
    'with a sealed secret',
    { token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS256' },
  ],
  ['with ES256 ID tokens', { id_token_signed_response_alg: 'ES256' }],
  ['with RS256 userinfo', { userinfo_signed_response_alg: 'RS256' }],
  [
    'with pages of its own',
    {
      logo_uri: 'https://app.example.test/logo.png',
      client_uri: 'https://app.example.test',
      policy_uri: 'https://app.example.test/policy',
      tos_uri: 'http://localhost:3000/tos',
      app_url: 'https://app.example.test/start',
    },
  ],
  ['with back-channel logout', { backchannel_logout_uri: 'https://app.example.test/logout' }],
  ['with all grants', { grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] }],
  ['with an audience', { audience: ['https://api.example.test'] }],
];

describe('a client that the API accepts', () => {
  it.each(accepted)('%s: gets its people to the sign-in page', async (_, settings) => {
    const { status, body } = await manager.post('/api/admin/default/clients', {
      authorization_server_id: 'demo',
      redirect_uris: ['https://app.example.test/cb'],
      ...settings,
    });
    expect(status).toBe(201);
    const query = new URLSearchParams({
      client_id: body.client_id,
      redirect_uri: body.redirect_uris[0],
      response_type: 'code',
      scope: 'openid',
      state: 'x',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const answer = await fetch(`${server.url}/default/demo/oauth2/authorize?${query.toString()}`, {
      redirect: 'manual',
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toContain('/interaction/');
  });

  it('of a service gets its token', async () => {
    const { body } = await manager.post('/api/admin/default/clients', {
      authorization_server_id: 'demo',
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
      scopes: ['orders:read'],
    });
    const answer = await fetch(`${server.url}/default/demo/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: body.client_id,
        client_secret: body.client_secret,
        scope: 'orders:read',
      }),
    });
    expect(await answer.json()).toMatchObject({ scope: 'orders:read', token_type: 'Bearer' });
  });

  it('loses its token the moment it is disabled', async () => {
    const { body } = await manager.post('/api/admin/default/clients', {
      authorization_server_id: 'admin',
      grant_types: ['client_credentials'],
    });
    const grant = { type: 'client', client_id: body.client_id, role: 'auditor' };
    await manager.post('/api/admin/default/tenant/roles/grant', grant);
    const auditor = server.api('default', { clientId: body.client_id, clientSecret: body.client_secret });
    expect(await auditor.get('/api/admin/default/servers')).toMatchObject({ status: 200 });
    await manager.put(`/api/admin/default/clients/${body.client_id}`, { ...body, client_status: 'inactive' });
    expect(await auditor.get('/api/admin/default/servers')).toMatchObject({ status: 401 });
  });
});
