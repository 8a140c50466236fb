import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addPerson, callback, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const SECRET = 'a client secret of the attack tests 0001';
const tenant = { tenantId: 'default' };
const admin = { ...tenant, workspaceId: 'admin' };
const person = { identifier: 'nobody@example.test', password: 'another quiet otter river' };

describe('authority', () => {
  let server: TestServer;
  let staffConnection: string;
  beforeAll(async () => {
    server = await startTestServer();
    await server.elsewhere.pools.create(tenant, { id: 'staff', name: 'Staff' }, SYSTEM_ACTOR);
    const connection = await server.elsewhere.connections.create(
      admin,
      { poolId: 'staff', name: 'Staff' },
      SYSTEM_ACTOR,
    );
    staffConnection = connection.id;
  });
  afterAll(() => server.stop());

  async function call(token: string, method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${server.publicUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async function clientToken(
    clientId: string,
    secret = SECRET,
    issuer = `${server.publicUrl}/default/admin`,
  ) {
    const answer = await fetch(`${issuer}/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: secret,
      }),
    });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  /** A machine client of the admin workspace that holds one role; gives its token. */
  async function holderOf(
    resourceType: 'tenant' | 'workspace',
    resourceId: string,
    role: 'admin' | 'business_admin' | 'manager',
  ): Promise<string> {
    const id = `holder-${Math.random().toString(36).slice(2, 10)}`;
    await server.elsewhere.clients.create(
      admin,
      { id, clientSecret: SECRET, grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    const grant = { resourceType, resourceId, role, subjectType: 'client', subjectId: id } as const;
    await server.elsewhere.roles.grant(tenant, grant, SYSTEM_ACTOR);
    return clientToken(id);
  }

  async function codeFlowClient(id: string, trusted: boolean): Promise<RelyingParty> {
    await server.elsewhere.clients.create(
      admin,
      {
        id,
        clientSecret: SECRET,
        redirectUris: [callback],
        grantTypes: ['authorization_code'],
        audience: [`${server.publicUrl}/api`],
        trusted,
      },
      SYSTEM_ACTOR,
    );
    const issuer = `${server.publicUrl}/default/admin`;
    return RelyingParty.discover({ issuer, clientId: id, clientSecret: SECRET, redirectUri: callback });
  }

  it('does not let an administrator of the tenant take the place of an operator', async () => {
    const token = await holderOf('tenant', '', 'admin');
    expect((await call(token, 'GET', '/api/system/tenants')).status).toBe(403);
    const stolen = 'a secret that the tenant administrator chose';
    const change = await call(token, 'PUT', '/api/admin/default/clients/management', {
      client_name: 'Management',
      grant_types: ['client_credentials'],
      client_secret: stolen,
    });
    expect(change.status).toBe(403);
    const asOperator = await clientToken('management', stolen);
    expect((await call(asOperator, 'GET', '/api/system/tenants')).status).toBe(401);
  });

  // RFC 9068 §5, RFC 9700 §4.15: `sub` must not mean a person and a client at the same time.
  it('does not take a person for the client whose id they share', async () => {
    const id = 'console-of-the-house';
    const app = await codeFlowClient(id, true);
    const grant = { resourceType: 'tenant', resourceId: '', role: 'admin' } as const;
    await server.elsewhere.roles.grant(
      tenant,
      { ...grant, subjectType: 'client', subjectId: id },
      SYSTEM_ACTOR,
    );
    const made = await server.elsewhere.users
      .create(
        { ...tenant, poolId: 'staff' },
        {
          id,
          status: 'active',
          payload: { name: 'No Body', given_name: 'No', family_name: 'Body' },
          identifiers: [{ type: 'email', identifier: person.identifier }],
          password: { password: person.password, mustBeChanged: false, mustBeReset: false },
        },
        SYSTEM_ACTOR,
      )
      .catch(() => undefined);
    if (made === undefined) return; // Refused at the door: fine.
    const resource = `${server.publicUrl}/api`;
    const flow = await app.begin({ idp_hint: staffConnection, scope: 'openid', resource });
    const end = await app.browser.submit('#login-form', person);
    expect(flow.page.status).toBe(200);
    const tokens = await client.authorizationCodeGrant(
      app.config,
      end.stoppedAt as URL,
      { pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce },
      { resource },
    );
    const answer = await call(tokens.access_token, 'GET', '/api/admin/default/servers');
    expect([401, 403]).toContain(answer.status);
  });

  it('does not give a client the id of a person', async () => {
    const userId = await addPerson(server.elsewhere, 'staff', {
      identifier: 'victim@example.test',
      password: person.password,
    });
    const scope = { ...tenant, workspaceId: 'demo' };
    const input = { id: userId, clientSecret: SECRET, grantTypes: ['client_credentials'] as const };
    const made = await server.elsewhere.clients.create(scope, input, SYSTEM_ACTOR).catch(() => undefined);
    if (made === undefined) return;
    const token = await clientToken(userId, SECRET, server.issuer);
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).not.toHaveProperty('sub', userId);
  });

  it("does not let a workspace's manager connect the administrators' pool to it", async () => {
    const token = await holderOf('workspace', 'demo', 'manager');
    const pools = await server.elsewhere.pools.list(
      tenant,
      {},
      { limit: 50, after: undefined, before: undefined },
    );
    const system = pools.find((pool) => pool.system);
    const path = '/api/admin/default/servers/demo/idps/identity_pool';
    const answer = await call(token, 'POST', path, { identity_pool_id: system?.id, name: 'Staff' });
    expect([403, 404, 422]).toContain(answer.status);
  });

  it('does not let a business administrator remove or shut out an administrator through the pool', async () => {
    await server.elsewhere.pools.create(tenant, { id: 'board', name: 'Board' }, SYSTEM_ACTOR);
    await server.elsewhere.connections.create(admin, { poolId: 'board', name: 'Board' }, SYSTEM_ACTOR);
    const userId = await addPerson(server.elsewhere, 'board', {
      identifier: 'chair@example.test',
      password: person.password,
    });
    await server.elsewhere.roles.grant(
      tenant,
      {
        resourceType: 'tenant',
        resourceId: '',
        role: 'admin',
        subjectType: 'identity_pool_user',
        subjectId: userId,
      },
      SYSTEM_ACTOR,
    );
    const token = await holderOf('tenant', '', 'business_admin');
    const pool = '/api/identity/default/admin/pools/board';
    expect((await call(token, 'DELETE', `${pool}/users/${userId}`)).status).toBe(403);
    const body = { name: 'Board', authentication_mechanisms: ['webauthn'] };
    expect.soft((await call(token, 'PUT', pool, body)).status).toBe(403);
    expect.soft((await call(token, 'DELETE', `${pool}?with_idp=true`)).status).toBe(403);
  });

  it('does not count as an administrator who can no longer sign in', async () => {
    const { tenants, pools, users, roles } = server.elsewhere;
    await tenants.create({ id: 'lonely' }, SYSTEM_ACTOR);
    const lonely = { tenantId: 'lonely' };
    const [pool] = await pools.list(lonely, {}, { limit: 1, after: undefined, before: undefined });
    const scope = { ...lonely, poolId: pool?.id ?? '' };
    const add = async (identifier: string, mustBeChanged: boolean): Promise<string> => {
      const user = await users.create(
        scope,
        {
          status: 'active',
          payload: { name: 'A B', given_name: 'A', family_name: 'B' },
          identifiers: [{ type: 'email', identifier }],
          password: { password: person.password, mustBeChanged, mustBeReset: false },
        },
        SYSTEM_ACTOR,
      );
      const subject = { subjectType: 'identity_pool_user', subjectId: user.id } as const;
      const grant = { resourceType: 'tenant', resourceId: '', role: 'admin', ...subject } as const;
      await roles.grant(lonely, grant, SYSTEM_ACTOR);
      return user.id;
    };
    const able = await add('able@example.test', false);
    // The sign-in refuses a password that must be changed, so this one cannot come in.
    await add('unable@example.test', true);
    await expect(users.remove({ ...scope, userId: able }, SYSTEM_ACTOR)).rejects.toMatchObject({
      code: 'last_administrator',
    });
  });

  it('gives an untrusted application that was allowed nothing but `openid` no power over the tenant', async () => {
    const userId = await addPerson(server.elsewhere, 'staff', {
      identifier: 'boss@example.test',
      password: person.password,
    });
    const subject = { subjectType: 'identity_pool_user', subjectId: userId } as const;
    await server.elsewhere.roles.grant(
      tenant,
      { resourceType: 'tenant', resourceId: '', role: 'admin', ...subject },
      SYSTEM_ACTOR,
    );
    const app = await codeFlowClient('third-party', false);
    const flow = await app.begin({ idp_hint: staffConnection, scope: 'openid' });
    await app.browser.submit('#login-form', { ...person, identifier: 'boss@example.test' });
    const end = await app.browser.submit('#consent-form', {}, '#consent-allow');
    const { tokens } = await app.finish(flow, end);
    const answer = await call(tokens.access_token, 'GET', '/api/admin/default/clients/management');
    expect([401, 403]).toContain(answer.status);
  });

  it('refuses the opaque token of a session that has run out', async () => {
    const identifier = 'idle@example.test';
    const userId = await addPerson(server.elsewhere, 'staff', { ...person, identifier });
    const subject = { subjectType: 'identity_pool_user', subjectId: userId } as const;
    await server.elsewhere.roles.grant(
      tenant,
      { resourceType: 'tenant', resourceId: '', role: 'admin', ...subject },
      SYSTEM_ACTOR,
    );
    const app = await codeFlowClient('no-refresh', true);
    const flow = await app.begin({ idp_hint: staffConnection, scope: 'openid' });
    const { tokens } = await app.finish(
      flow,
      await app.browser.submit('#login-form', { ...person, identifier }),
    );
    const ask = () => call(tokens.access_token, 'GET', '/api/admin/default/servers');
    expect((await ask()).status).toBe(200);
    // Not swept yet: expired rows stay for ten minutes.
    await server.db.knex.raw(
      `UPDATE sessions SET expires_at = now() - interval '2 minutes',
         payload = jsonb_set(payload::jsonb, '{exp}', to_jsonb(extract(epoch FROM now())::bigint - 120))::text
       WHERE account_id = ?`,
      [userId],
    );
    const userinfo = await fetch(`${server.publicUrl}/default/admin/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(userinfo.status).toBe(401);
    expect((await ask()).status).toBe(401);
  });
});
