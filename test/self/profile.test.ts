import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { watchStatements } from '../support/statements.ts';
import { ALL_SCOPES, CALLBACK, SECRET, startSelfServer, type SelfServer } from '../support/self_api.ts';

let server: SelfServer;
let base: string;
beforeAll(async () => {
  server = await startSelfServer();
  ({ base } = server);
});
afterAll(() => server.stop());

describe('who may call', () => {
  it('a person with the scope, by an opaque token or a JWT; nobody else', async () => {
    await server.addPerson('Ann');
    const ann = await server.signIn('ann@example.test');
    const me = `${base}/v2/self/me`;
    expect((await ann.get(me)).status).toBe(200);
    const onlyView = await server.signIn('ann@example.test', 'openid view_ss_profile');
    expect((await onlyView.get(me)).status).toBe(200);
    const refused = await onlyView.put(me, { payload: person('Anna') });
    expect(refused).toMatchObject({ status: 403, body: { error_code: 'insufficient_scope' } });
    expect(refused.headers.get('www-authenticate')).toContain('manage_ss_profile');
    const plain = await server.signIn('ann@example.test', 'openid');
    expect((await plain.get(me)).status).toBe(403);
    expect((await plain.get(`${base}/self/me`)).status).toBe(200);
    const jwt = await server.signIn('ann@example.test', ALL_SCOPES, { resource: `${server.url}/api` });
    expect(jwt.token.split('.')).toHaveLength(3);
    expect((await jwt.get(me)).status).toBe(200);
  });

  it.each(['/self/me', '/v2/self/me', '/v2/self/mfa/sessions'])(
    'refuses other tokens at %s',
    async (path) => {
      await server.addPerson(`Other-${path.length}`);
      const other = await server.signIn(`other-${path.length}@example.test`);
      const ask = (token: string, at = base) =>
        fetch(`${server.url}${at}${path}`, { headers: { authorization: `Bearer ${token}` } });
      expect((await fetch(`${server.url}${base}${path}`)).status).toBe(401);
      expect((await ask(other.idToken)).status).toBe(401);
      expect((await ask(await server.token('acme'))).status).toBe(401);
      expect((await ask(other.token, '/acme/admin/identity')).status).toBe(401);
      expect((await ask(other.token, '/default/demo/identity')).status).toBe(401);
      expect((await ask(other.token)).status).toBe(200);
    },
  );

  it('gives the scopes only to clients that register them', async () => {
    const scope = { tenantId: 'acme', workspaceId: 'shop' };
    const app = {
      redirectUris: [CALLBACK],
      clientSecret: SECRET,
      trusted: true,
    };
    await server.domain.clients.create(scope, { ...app, id: 'default-app' }, SYSTEM_ACTOR);
    await server.domain.clients.create(scope, { ...app, id: 'no-scopes', scopes: [] }, SYSTEM_ACTOR);
    for (const clientId of ['default-app', 'no-scopes']) {
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: CALLBACK,
        response_type: 'code',
        scope: ALL_SCOPES,
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
      });
      const url = `${server.url}/acme/shop/oauth2/authorize?${query.toString()}`;
      const answer = await fetch(url, { redirect: 'manual' });
      expect(answer.headers.get('location')).toContain('error=invalid_scope');
    }
  });

  it('is asked anew at each call', async () => {
    const { id } = await server.addPerson('Ida');
    const ida = await server.signIn('ida@example.test');
    const scope = { tenantId: 'acme', poolId: 'customers', userId: id };
    const jwt = await server.signIn('ida@example.test', ALL_SCOPES, { resource: `${server.url}/api` });
    await server.domain.users.update(scope, { status: 'inactive' }, SYSTEM_ACTOR);
    expect((await ida.get(`${base}/v2/self/me`)).status).toBe(401);
    expect((await jwt.get(`${base}/v2/self/me`)).status).toBe(401);
  });

  it('ends with the connection of the pool, for a token that nobody can take back too', async () => {
    const scope = { tenantId: 'acme', workspaceId: 'second' };
    const { domain, url } = server;
    await domain.workspaces.create({ tenantId: 'acme' }, { id: 'second', name: 'Second' }, SYSTEM_ACTOR);
    const connection = { poolId: 'customers', name: 'Customers' };
    const { id } = await domain.connections.create(scope, connection, SYSTEM_ACTOR);
    const app = {
      id: 'second-app',
      clientSecret: SECRET,
      redirectUris: [CALLBACK],
      scopes: ALL_SCOPES.split(' '),
      audience: [`${url}/api`],
      trusted: true,
    };
    await domain.clients.create(scope, app, SYSTEM_ACTOR);
    const { identifier } = await server.addPerson('Cut');
    const cut = await server.signIn(identifier, ALL_SCOPES, {
      clientId: 'second-app',
      workspaceId: 'second',
      resource: `${url}/api`,
    });
    const me = '/acme/second/identity/v2/self/me';
    expect((await cut.get(me)).status).toBe(200);
    expect((await cut.get(`${base}/v2/self/me`)).status).toBe(401);
    const connected = { ...scope, connectionId: id };
    await domain.connections.update(
      connected,
      { ...(await domain.connections.get(connected)), disabled: true },
      SYSTEM_ACTOR,
    );
    // Configuration reaches other processes within two seconds (design 4.15).
    await expect.poll(async () => (await cut.get(me)).status, { timeout: 5_000 }).toBe(401);
  });
});

describe('a profile', () => {
  it('shows what is one’s own, without what the schema hides', async () => {
    await server.domain.schemas.create(
      { tenantId: 'acme' },
      {
        id: 'crm',
        name: 'CRM',
        document: {
          type: 'object',
          properties: { tier: { type: 'string' }, risk: { type: 'string', hidden: true } },
        },
      },
      SYSTEM_ACTOR,
    );
    const { id } = await server.addPerson('Eve', {
      metadata: { tier: 'gold', risk: 'high' },
      metadataSchemaId: 'crm',
    });
    const eve = await server.signIn('eve@example.test');
    const v1 = await eve.get(`${base}/self/me`);
    expect(v1).toMatchObject({
      status: 200,
      etag: '"2"',
      body: {
        id,
        payload: person('Eve'),
        metadata: { tier: 'gold' },
        identifiers: [{ identifier: 'eve@example.test', type: 'email' }],
        verifiable_addresses: [{ address: 'eve@example.test', verified: true }],
      },
    });
    const v2 = await eve.get(`${base}/v2/self/me`);
    expect(v2.body).toMatchObject({
      credentials: [{ type: 'password', state: 'valid' }],
      payload_schema: { type: 'object', required: ['name', 'given_name', 'family_name'] },
      authentication_mechanisms: ['password'],
      allowed_authentication_mechanisms: ['password'],
      federated_accounts: [],
    });
    for (const { body } of [v1, v2]) expect(JSON.stringify(body)).not.toContain('risk');
  });

  it('allows of the pool’s ways what the workspace allows', async () => {
    const pool = { tenantId: 'acme', poolId: 'customers' };
    const { domain } = server;
    const shop = { tenantId: 'acme', workspaceId: 'shop' };
    await domain.pools.update(
      pool,
      { ...(await domain.pools.get(pool)), authenticationMechanisms: ['password', 'webauthn', 'totp'] },
      SYSTEM_ACTOR,
    );
    await domain.workspaces.update(
      shop,
      { ...(await domain.workspaces.get(shop)), authenticationMechanisms: ['password', 'webauthn'] },
      SYSTEM_ACTOR,
    );
    await server.addPerson('Lia');
    const lia = await server.signIn('lia@example.test');
    expect((await lia.get(`${base}/v2/self/me`)).body).toMatchObject({
      authentication_mechanisms: ['password', 'webauthn', 'totp'],
      allowed_authentication_mechanisms: ['password', 'webauthn'],
    });
  });

  it('costs three statements beside those that prove the token, the first version one', async () => {
    await server.addPerson('Stan');
    const stan = await server.signIn('stan@example.test');
    await stan.get(`${base}/v2/self/me`);
    const log = watchStatements();
    try {
      // The process has work of its own beside the requests, which can only add: the fewest count.
      const spent = async (path: string) => {
        const counts: number[] = [];
        for (let sample = 0; sample < 3; sample += 1) {
          counts.push((await log.during(() => stan.get(base + path))).statements.length);
        }
        return Math.min(...counts);
      };
      const proof = (await spent('/v2/self/mfa/sessions')) - 1;
      expect((await spent('/v2/self/me')) - proof).toBe(3);
      expect((await spent('/self/me')) - proof).toBe(1);
    } finally {
      log.stop();
    }
  });

  it('changes by its payload alone, and under the version that was read', async () => {
    await server.addPerson('Kim');
    const kim = await server.signIn('kim@example.test');
    const me = `${base}/v2/self/me`;
    const read = await kim.get(me);
    const changed = await kim.put(me, { payload: person('Kimberly') }, { 'If-Match': read.etag });
    expect(changed).toMatchObject({ status: 200, body: { payload: { name: 'Kimberly' } } });
    expect((await kim.put(me, { payload: person('Late') }, { 'If-Match': read.etag })).status).toBe(412);
    const invalid = await kim.put(me, { payload: { name: 'Only' } });
    expect(invalid.status).toBe(422);
    for (const more of [
      { status: 'new' },
      { metadata: { tier: 'gold' } },
      { tenant_id: 'default' },
      { verifiable_addresses: [{ address: 'kim@example.test', verified: true }] },
    ]) {
      const refused = await kim.put(`${base}/self/me`, { payload: person('Kim'), ...more });
      expect(refused.status).toBe(422);
    }
    const after = await kim.get(me);
    expect(after).toMatchObject({
      etag: changed.etag,
      body: { payload: { name: 'Kimberly' }, metadata: {} },
    });
  });
});
