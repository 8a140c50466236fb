import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, type ApiServer, startApiServer } from '../support/api_server.ts';
import { mara, relyingParty, secret, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';

const ADMIN = '/api/admin/default';
const orders = 'https://orders.example.test';

describe('scopes and services', () => {
  let server: ApiServer;
  let admin: ApiClient;

  beforeAll(async () => {
    server = await startApiServer();
    admin = server.api('default');
  });
  afterAll(() => server.stop());

  const scope = (settings: object) =>
    admin.post(`${ADMIN}/scopes`, { authorization_server_id: 'demo', ...settings });
  const service = (settings: object) =>
    admin.post(`${ADMIN}/services`, { authorization_server_id: 'demo', ...settings });
  const party = (settings: Parameters<typeof relyingParty>[1]) =>
    relyingParty({ publicUrl: server.url, elsewhere: server.domain }, settings);
  const backend = async (id: string, scopes: string[], audience: string[]) => {
    await server.domain.clients.create(
      { tenantId: 'default', workspaceId: 'demo' },
      { id, clientSecret: secret, grantTypes: ['client_credentials'], scopes, audience },
      SYSTEM_ACTOR,
    );
    return RelyingParty.discover({
      issuer: `${server.url}/default/demo`,
      clientId: id,
      clientSecret: secret,
      redirectUri: 'https://none.example.test/',
    });
  };

  it('a scope is created, read, changed and deleted; built-in ones only read', async () => {
    const made = await scope({
      name: 'shelves:read',
      display_name: 'Read your shelves',
      description: 'the titles, not your notes',
      translations: { de: { display_name: 'Ihre Regale lesen' } },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ name: 'shelves:read', with_service: false, system: false });
    const path = `${ADMIN}/scopes/${made.body.id}`;
    const { etag, body } = await admin.get(path);
    const changed = await admin.put(path, { ...body, description: 'titles' }, { 'if-match': etag });
    expect(changed.body).toMatchObject({ description: 'titles', display_name: 'Read your shelves' });
    expect((await admin.put(path, body, { 'if-match': etag })).status).toBe(412);
    expect((await scope({ name: 'shelves:read' })).status).toBe(409);

    const { scopes } = (await admin.get(`${ADMIN}/servers/demo/scopes`)).body;
    const names = scopes.map((one: { name: string }) => one.name);
    expect(names).toEqual(expect.arrayContaining(['openid', 'manage_ss_profile', 'shelves:read']));
    const openid = scopes[0] as { id: string; name: string };
    expect(await admin.get(`${ADMIN}/scopes/${openid.id}`)).toMatchObject({
      status: 200,
      body: { name: 'openid', system: true },
    });
    expect((await admin.put(`${ADMIN}/scopes/${openid.id}`, { name: 'openid' })).status).toBe(403);
    expect((await admin.delete(`${ADMIN}/scopes/${openid.id}`)).status).toBe(403);
    expect((await admin.delete(path)).status).toBe(204);
    expect((await admin.get(path)).status).toBe(404);
  });

  it.each([
    ['a built-in name', { name: 'openid' }],
    ['a wildcard', { name: 'accounts.*' }],
    ['a space', { name: 'a b' }],
    ['what every object has', { name: 'constructor' }],
    ['a service that is not there', { name: 'x', service_id: 'none' }],
    ['no language', { name: 'x', translations: { '../de': {} } }],
    ['what is not offered', { name: 'x', implicit_grant: true }],
    ['a field that is unknown', { name: 'x', surprise: 1 }],
  ])('a scope is refused for %s', async (_what, settings) => {
    expect((await scope(settings)).status).toBe(422);
  });

  it.each([
    ['no URI', { custom_audience: 'orders' }],
    ['a fragment', { custom_audience: 'https://orders.example.test/#x' }],
    ["the server's own API", { own: true }],
    ['a life beyond that of keys', { custom_audience: orders, access_token_ttl: '25h0m0s' }],
    ['a client that is not there', { custom_audience: orders, client_id: 'nobody' }],
    ['a gateway', { custom_audience: orders, gateway_id: 'g' }],
  ])('a service is refused for %s', async (_what, { own, ...settings }: Record<string, unknown>) => {
    const audience = own === true ? { custom_audience: `${server.url}/api` } : {};
    expect((await service({ name: 'Orders', ...settings, ...audience })).status).toBe(422);
  });

  it('people read the texts of a scope in their language, and it goes with tokens for no API', async () => {
    await scope({
      name: 'diary',
      display_name: 'Read your diary',
      description: 'not the locked pages',
      translations: { de: { display_name: 'Ihr Tagebuch lesen' } },
    });
    const app = await party({ trusted: false, scopes: ['openid', 'diary'] });
    const flow = await app.begin({ scope: 'openid diary', ui_locales: 'de' });
    const page = await app.browser.submit('#login-form', mara);
    expect(page.body).toContain('Ihr Tagebuch lesen');
    expect(page.body).toContain('not the locked pages');
    const end = await app.browser.submit('#consent-form', {}, '#consent-allow');
    const { tokens } = await app.finish(flow, end);
    expect(tokens.scope).toBe('openid diary');
  });

  it('a service decides the form and life of its tokens, and keeps its scopes to itself', async () => {
    const made = await service({
      id: 'orders',
      name: 'Orders',
      custom_audience: orders,
      access_token_ttl: '2m0s',
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    expect((await service({ name: 'Twice', custom_audience: orders })).status).toBe(409);
    await scope({ name: 'orders:read', service_id: 'orders' });
    const shown = await admin.get(`${ADMIN}/services/orders`);
    expect(shown.body).toMatchObject({ audience: orders, scopes: [{ name: 'orders:read' }] });
    const found = await admin.get(`${ADMIN}/servers/demo/services?search_phrase=rder`);
    expect(found.body.services).toMatchObject([{ id: 'orders', number_of_scopes: 1 }]);

    // One audience is registered, the other is not: both work as they are.
    const free = 'https://free.example.test';
    const robot = await backend('robot', ['orders:read', 'free:read'], [orders, free]);
    const ask = async (resource: string) => {
      const scopes = { scope: 'orders:read free:read', resource };
      return decodeJwt((await client.clientCredentialsGrant(robot.config, scopes)).access_token);
    };
    const { exp = 0, iat = 0, ...token } = await ask(orders);
    expect(token).toMatchObject({ aud: orders, scope: 'orders:read free:read' });
    expect(exp - iat).toBe(120);
    expect(await ask(free)).toMatchObject({ aud: free, scope: 'free:read' });
    const stranger = client.clientCredentialsGrant(robot.config, { resource: 'https://x.example.test' });
    await expect(stranger).rejects.toMatchObject({ error: 'invalid_target' });
  });

  it('opaque tokens are told of to the client of their API, and to no other', async () => {
    const parcels = 'https://parcels.example.test';
    const asking = await backend('parcels-api', [], []);
    const other = await backend('other-api', [], []);
    const made = await service({
      id: 'parcels',
      name: 'Parcels',
      custom_audience: parcels,
      token_format: 'opaque',
      client_id: 'parcels-api',
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const sender = await backend('sender', ['parcels:send'], [parcels]);
    const { access_token: token } = await client.clientCredentialsGrant(sender.config, {
      scope: 'parcels:send',
      resource: parcels,
    });
    expect(token).not.toContain('.');
    expect(await client.tokenIntrospection(asking.config, token)).toMatchObject({
      active: true,
      aud: parcels,
      scope: 'parcels:send',
      client_id: 'sender',
    });
    expect(await client.tokenIntrospection(other.config, token)).toEqual({ active: false });

    const app = await party({ scopes: ['openid', 'parcels:send'], audience: [parcels] });
    const flow = await app.begin({ scope: 'openid parcels:send', resource: parcels });
    const end = flow.page.stoppedAt ? flow.page : await app.browser.submit('#login-form', mara);
    const got = await client.authorizationCodeGrant(
      app.config,
      end.stoppedAt as URL,
      { pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce },
      { resource: parcels },
    );
    expect(await client.tokenIntrospection(asking.config, got.access_token)).toMatchObject({ active: true });
    // It is for that API alone.
    const userinfo = client.fetchUserInfo(app.config, got.access_token, got.claims()?.sub ?? '');
    await expect(userinfo).rejects.toThrow();
    const inUse = await admin.delete(`${ADMIN}/clients/parcels-api`);
    expect(inUse.status).toBe(409);
  });

  it('what clients are registered for stays, and the answer names them', async () => {
    const { body } = await admin.get(`${ADMIN}/services/orders`);
    const own = (await admin.get(`${ADMIN}/servers/demo/scopes`)).body.scopes as {
      id: string;
      name: string;
    }[];
    const id = own.find(({ name }) => name === 'orders:read')?.id;
    const answers = [
      await admin.delete(`${ADMIN}/scopes/${id}`),
      await admin.put(`${ADMIN}/scopes/${id}`, { name: 'renamed', service_id: 'orders' }),
      await admin.delete(`${ADMIN}/services/orders`),
      await admin.put(`${ADMIN}/services/orders`, { ...body, custom_audience: 'https://new.example.test' }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(409);
      expect(JSON.stringify(answer.body)).toContain('robot');
    }
    expect((await admin.delete(`${ADMIN}/clients/robot`)).status).toBe(204);
    expect((await admin.delete(`${ADMIN}/services/orders`)).status).toBe(204);
    expect((await admin.get(`${ADMIN}/scopes/${id}`)).status).toBe(404);
  });

  it('another tenant sees none of it', async () => {
    await server.createTenant('foreign');
    const foreign = server.api('foreign');
    const { scopes } = (await admin.get(`${ADMIN}/servers/demo/scopes`)).body;
    for (const { id } of scopes as { id: string }[]) {
      expect((await foreign.get(`/api/admin/foreign/scopes/${id}`)).status).toBe(404);
    }
    expect((await foreign.get('/api/admin/foreign/services/parcels')).status).toBe(404);
    expect((await foreign.get('/api/admin/foreign/servers/demo/services')).status).toBe(404);
  });
});
