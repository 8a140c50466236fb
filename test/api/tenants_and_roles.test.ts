import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startApiServer,
  statuses,
  SYSTEM_TENANT,
  type ApiClient,
  type ApiServer,
} from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';

let server: ApiServer;
let operator: ApiClient;
const TENANTS = '/api/system/tenants';
const PASSWORD = 'correct horse';

beforeAll(async () => {
  server = await startApiServer();
  operator = server.api(SYSTEM_TENANT);
});
afterAll(() => server.stop());

/** A person who can sign in, in a pool that the tenant's `admin` workspace connects. */
async function administrator(tenantId: string, poolId: string, name: string): Promise<string> {
  const user = await server.domain.users.create(
    { tenantId, poolId },
    {
      status: 'active',
      payload: person(name),
      identifiers: [{ identifier: `${name}@example.com`, type: 'email' }],
      password: { password: PASSWORD, mustBeChanged: false, mustBeReset: false },
    },
    SYSTEM_ACTOR,
  );
  await server.domain.roles.grant(
    { tenantId },
    {
      resourceType: 'tenant',
      resourceId: '',
      role: 'admin',
      subjectType: 'identity_pool_user',
      subjectId: user.id,
    },
    SYSTEM_ACTOR,
  );
  return user.id;
}

const credentialsOf = (client: { client_id: string; client_secret: string }) => ({
  clientId: client.client_id,
  clientSecret: client.client_secret,
});

describe('tenants', () => {
  it('are created with the credentials of their management client, shown once', async () => {
    const created = await operator.post(TENANTS, { id: 'globex', name: 'Globex' });
    expect(created).toMatchObject({
      status: 201,
      etag: '"1"',
      body: {
        id: 'globex',
        name: 'Globex',
        admin_client: {
          client_id: expect.any(String) as string,
          client_secret: expect.stringMatching(/^[\w-]{43}$/) as string,
        },
      },
    });
    expect(await operator.get(`${TENANTS}/globex`)).toMatchObject({
      status: 200,
      body: { id: 'globex', name: 'Globex', settings: {}, styling: {}, metadata: {} },
    });
    const { client_id: clientId, client_secret: clientSecret } = created.body.admin_client;
    const globex = server.api('globex', { clientId, clientSecret });
    expect(await globex.get('/api/admin/globex/servers')).toMatchObject({
      status: 200,
      body: { servers: [{ id: 'admin' }, { id: 'system' }] },
    });
  });

  it('are listed, updated and paged', async () => {
    await operator.post(TENANTS, { id: 'hooli' });
    const { body } = await operator.get(`${TENANTS}?after_tenant_id=globex&limit=1`);
    expect(body.tenants).toMatchObject([{ id: 'hooli', name: 'hooli' }]);
    const updated = await operator.put(`${TENANTS}/hooli`, { ...body.tenants[0], name: 'Hooli' });
    expect(updated).toMatchObject({ status: 200, etag: '"2"', body: { name: 'Hooli' } });
    const stale = { 'If-Match': '"1"' };
    expect(await operator.put(`${TENANTS}/hooli`, { name: 'x' }, stale)).toMatchObject({ status: 412 });
  });

  it('are deleted with everything in them; the one the installation is run from stays', async () => {
    const { administratorsPoolId } = await server.createTenant('initech');
    await administrator('initech', administratorsPoolId, 'peter');
    expect(await operator.delete(`${TENANTS}/initech`)).toMatchObject({ status: 204 });
    for (const table of ['tenants', 'workspaces', 'pools', 'users', 'user_ids', 'clients', 'audit_events']) {
      expect(await server.db.knex(table).where({ tenant_id: 'initech' })).toEqual([]);
    }
    expect(await operator.get(`${TENANTS}/initech`)).toMatchObject({ status: 404 });
    expect(await operator.delete(`${TENANTS}/${SYSTEM_TENANT}`)).toMatchObject({ status: 403 });
  });

  it.each(['api', 'console', 'well-known', 'Upper', '-x', 'a'.repeat(64), '../x', ''])(
    'refuse the id %j',
    async (id) => {
      expect(await operator.post(TENANTS, { id })).toMatchObject({
        status: 422,
        body: { details: [{ pointer: '/id' }] },
      });
    },
  );

  it('refuse an id that is taken, one of 10 at the same moment', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => operator.post(TENANTS, { id: 'umbrella' })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
  });

  it('are the business of operators alone', async () => {
    await server.createTenant('lowly');
    const manager = server.api('lowly');
    for (const method of ['get', 'delete'] as const) {
      expect(await manager[method](`${TENANTS}/globex`)).toMatchObject({ status: 401 });
    }
    const { administratorsPoolId } = await server.createTenant('plain');
    await administrator('plain', administratorsPoolId, 'pat');
    const plain = await server.signIn('plain', 'pat@example.com', PASSWORD);
    expect(await plain.get('/api/admin/plain/servers')).toMatchObject({ status: 200 });
    expect(await plain.get(TENANTS)).toMatchObject({ status: 401 });
    const client = await operator.post(`/api/admin/${SYSTEM_TENANT}/clients`, {
      authorization_server_id: 'admin',
      grant_types: ['client_credentials'],
    });
    const other = server.api(SYSTEM_TENANT, credentialsOf(client.body));
    expect(await other.get(TENANTS)).toMatchObject({ status: 403 });
    const grant = { type: 'client', client_id: client.body.client_id, role: 'operator' };
    const roles = `/api/admin/${SYSTEM_TENANT}/tenant/roles`;
    expect(await operator.post(`${roles}/grant`, grant)).toMatchObject({ status: 204 });
    expect(await other.get(TENANTS)).toMatchObject({ status: 200 });
    expect(await operator.delete(`${roles}/revoke`, {}, grant)).toMatchObject({ status: 204 });
    expect(await other.get(TENANTS)).toMatchObject({ status: 403 });
  });
});

describe('roles', () => {
  it('open what they name and nothing else', async () => {
    await server.createTenant('roles');
    const manager = server.api('roles');
    const users = '/api/identity/roles/admin/pools/staff/users';
    await manager.post('/api/identity/roles/admin/pools', { id: 'staff', name: 'Staff' });
    const { body: client } = await manager.post('/api/admin/roles/clients', {
      authorization_server_id: 'admin',
      grant_types: ['client_credentials'],
    });
    const helper = server.api('roles', credentialsOf(client));
    const roles = '/api/admin/roles/tenant/roles';
    const grant = (role: string) => ({ type: 'client', client_id: client.client_id, role });

    expect(await helper.get(users)).toMatchObject({
      status: 403,
      body: { error_code: 'permission_missing' },
    });
    expect(await manager.post(`${roles}/grant`, grant('auditor'))).toMatchObject({ status: 204 });
    expect(await manager.post(`${roles}/grant`, grant('auditor'))).toMatchObject({ status: 204 });
    expect(await helper.get(users)).toMatchObject({ status: 200 });
    expect(await helper.post(users, { status: 'new' })).toMatchObject({ status: 403 });
    expect(await helper.post(`${roles}/grant`, grant('admin'))).toMatchObject({ status: 403 });
    const { body } = await manager.get(roles);
    expect(body.subjects).toContainEqual({
      type: 'client',
      tenant_id: 'roles',
      client_id: client.client_id,
      roles: { auditor: true },
    });
    expect(await manager.delete(`${roles}/revoke`, {}, grant('auditor'))).toMatchObject({ status: 204 });
    expect(await manager.delete(`${roles}/revoke`, {}, grant('auditor'))).toMatchObject({ status: 404 });
    expect(await helper.get(users)).toMatchObject({ status: 403 });
  });

  it('below an administrator never reach what would make one', async () => {
    const { administratorsPoolId, clientId } = await server.createTenant('climb');
    const manager = server.api('climb');
    await manager.post('/api/identity/climb/admin/pools', { id: 'staff', name: 'Staff' });
    const boss = await administrator('climb', 'staff', 'boss');
    const { body: client } = await manager.post('/api/admin/climb/clients', {
      authorization_server_id: 'admin',
      grant_types: ['client_credentials'],
    });
    await manager.post('/api/admin/climb/tenant/roles/grant', {
      type: 'client',
      client_id: client.client_id,
      role: 'business_admin',
    });
    const climber = server.api('climb', credentialsOf(client));
    const staff = '/api/identity/climb/admin/pools/staff/users';
    expect(await climber.post(staff, { status: 'new' })).toMatchObject({ status: 201 });
    expect(await climber.put(`${staff}/${boss}`, { metadata: {} })).toMatchObject({ status: 403 });
    expect(await climber.delete(`${staff}/${boss}`)).toMatchObject({ status: 403 });
    const administrators = `/api/identity/climb/admin/pools/${administratorsPoolId}`;
    expect(await climber.post(`${administrators}/users`, { status: 'new' })).toMatchObject({ status: 403 });
    const takeover = { authorization_server_id: 'admin', client_secret: 'x'.repeat(40) };
    expect(await climber.put(`/api/admin/climb/clients/${clientId}`, takeover)).toMatchObject({
      status: 403,
    });
    expect(await climber.post('/api/admin/climb/clients', takeover)).toMatchObject({ status: 403 });
    expect(
      await climber.post('/api/admin/climb/servers/admin/idps/identity_pool', { identity_pool_id: 'staff' }),
    ).toMatchObject({ status: 403 });
    const operatorRole = { type: 'client', client_id: client.client_id, role: 'operator' };
    expect(await manager.post('/api/admin/climb/tenant/roles/grant', operatorRole)).toMatchObject({
      status: 403,
    });
  });

  it('of a workspace reach its own pools, clients and connections', async () => {
    await server.createTenant('levels');
    const manager = server.api('levels');
    for (const id of ['east', 'west']) {
      await manager.post('/api/admin/levels/servers', { id });
      await manager.post(`/api/identity/levels/admin/workspace/${id}/pools`, { id, name: id });
    }
    const { body: client } = await manager.post('/api/admin/levels/clients', {
      authorization_server_id: 'admin',
      grant_types: ['client_credentials'],
    });
    await server.domain.roles.grant(
      { tenantId: 'levels' },
      {
        resourceType: 'workspace',
        resourceId: 'east',
        role: 'admin',
        subjectType: 'client',
        subjectId: client.client_id,
      },
      SYSTEM_ACTOR,
    );
    const east = server.api('levels', credentialsOf(client));
    expect(await east.get('/api/admin/levels/servers/east')).toMatchObject({ status: 200 });
    expect(await east.get('/api/admin/levels/servers/west')).toMatchObject({ status: 403 });
    expect(await east.get('/api/identity/levels/admin/pools/east/users')).toMatchObject({ status: 200 });
    expect(await east.get('/api/identity/levels/admin/pools/west/users')).toMatchObject({ status: 403 });
    expect(await east.get('/api/identity/levels/admin/pools')).toMatchObject({ status: 403 });
    const app = { redirect_uris: ['https://app.example/cb'] };
    const register = (workspace: string) =>
      east.post('/api/admin/levels/clients', { ...app, authorization_server_id: workspace });
    expect(await register('east')).toMatchObject({ status: 201 });
    expect(await register('west')).toMatchObject({ status: 403 });
  });
});

describe('the last administrator', () => {
  const roles = (tenant: string) => `/api/admin/${tenant}/tenant/roles`;

  it('cannot be removed, disabled, or shut out in any way', async () => {
    const { administratorsPoolId } = await server.createTenant('alone');
    const manager = server.api('alone');
    const userId = await administrator('alone', administratorsPoolId, 'solo');
    const user = `/api/identity/alone/admin/pools/${administratorsPoolId}/users/${userId}`;
    const { body } = await manager.get('/api/admin/alone/servers/admin/idps');
    const connection = `/api/admin/alone/servers/admin/idps/identity_pool/${body.idps[0].id}`;
    const role = {
      type: 'identity_pool_user',
      identity_pool_id: administratorsPoolId,
      identity_pool_user_id: userId,
      role: 'admin',
    };
    const refused = { status: 409, body: { error_code: 'last_administrator' } };
    expect(await manager.delete(user)).toMatchObject(refused);
    expect(await manager.put(user, { status: 'inactive' })).toMatchObject(refused);
    expect(await manager.put(connection, { disabled: true })).toMatchObject(refused);
    expect(await manager.delete(connection.replace('/identity_pool', ''))).toMatchObject(refused);
    expect(await manager.delete(`${roles('alone')}/revoke`, {}, role)).toMatchObject(refused);
    expect(await manager.get(user)).toMatchObject({ status: 200, body: { status: 'active' } });
    await administrator('alone', administratorsPoolId, 'second');
    expect(await manager.delete(user)).toMatchObject({ status: 204 });
  });

  it('is not shut out by what the pool or the workspace lets people sign in with', async () => {
    const { administratorsPoolId } = await server.createTenant('keys');
    const manager = server.api('keys');
    await administrator('keys', administratorsPoolId, 'kay');
    const pool = `/api/identity/keys/admin/pools/${administratorsPoolId}`;
    const workspace = '/api/admin/keys/servers/admin';
    const refused = { status: 409, body: { error_code: 'last_administrator' } };
    const none = { name: 'Administrators', authentication_mechanisms: ['webauthn'] };
    expect(await manager.put(pool, none)).toMatchObject(refused);
    // The workspace and the pool would have no way to sign in in common, whoever is in the pool.
    expect(await manager.put(workspace, { authentication_mechanisms: ['webauthn'] })).toMatchObject({
      status: 422,
      body: {
        details: expect.arrayContaining([expect.objectContaining({ pointer: '/authentication_mechanisms' })]),
      },
    });
    expect(await manager.put(workspace, { grant_types: ['client_credentials'] })).toMatchObject(refused);
    const both = { authentication_mechanisms: ['webauthn', 'password'] };
    expect(await manager.put(pool, { ...none, ...both })).toMatchObject({ status: 200 });
    expect(await manager.put(workspace, both)).toMatchObject({ status: 200 });
    await server.signIn('keys', 'kay@example.com', PASSWORD);
  });

  it.each([
    ['must be changed', { state: 'must_be_changed' }],
    ['must be reset', { state: 'must_be_reset' }],
    ['has expired', { expires_at: new Date(0) }],
  ])('is who can sign in: nobody whose password %s', async (_name, credential) => {
    const tenant = `able-${Math.random().toString(36).slice(2, 8)}`;
    const { administratorsPoolId } = await server.createTenant(tenant);
    const able = await administrator(tenant, administratorsPoolId, 'able');
    const unable = await administrator(tenant, administratorsPoolId, 'unable');
    await server.db.knex('credentials').where({ tenant_id: tenant, user_id: unable }).update(credential);
    const users = `/api/identity/${tenant}/admin/pools/${administratorsPoolId}/users`;
    const manager = server.api(tenant);
    expect(await manager.delete(`${users}/${able}`)).toMatchObject({ status: 409 });
    expect(await manager.delete(`${users}/${unable}`)).toMatchObject({ status: 204 });
  });

  it('survives when the pool that holds them is deleted', async () => {
    await server.createTenant('pooled');
    const manager = server.api('pooled');
    await manager.post('/api/identity/pooled/admin/pools', { id: 'ops', name: 'Ops' });
    await manager.post('/api/admin/pooled/servers/admin/idps/identity_pool', { identity_pool_id: 'ops' });
    await administrator('pooled', 'ops', 'olga');
    expect(await manager.delete('/api/identity/pooled/admin/pools/ops?with_idp=true')).toMatchObject({
      status: 409,
      body: { error_code: 'last_administrator' },
    });
    expect(await manager.get('/api/identity/pooled/admin/pools/ops')).toMatchObject({ status: 200 });
  });

  it('remains when two administrators remove each other at the same moment', async () => {
    const { administratorsPoolId } = await server.createTenant('duel');
    const users = `/api/identity/duel/admin/pools/${administratorsPoolId}/users`;
    for (let round = 0; round < 10; round += 1) {
      const [a, b] = await Promise.all([
        administrator('duel', administratorsPoolId, `a${round}`),
        administrator('duel', administratorsPoolId, `b${round}`),
      ]);
      const before = await server.db
        .knex('users')
        .where({ tenant_id: 'duel', status: 'active' })
        .pluck('user_id');
      for (const id of before.filter((one: string) => one !== a && one !== b)) {
        await server.domain.users.remove(
          { tenantId: 'duel', poolId: administratorsPoolId, userId: id },
          SYSTEM_ACTOR,
        );
      }
      const [asA, asB] = await Promise.all(
        ['a', 'b'].map((name) => server.signIn('duel', `${name}${round}@example.com`, PASSWORD)),
      );
      const answers = await Promise.all([asA!.delete(`${users}/${b}`), asB!.delete(`${users}/${a}`)]);
      const ended = statuses(answers);
      // The slower one is refused, or is nobody any more by then.
      expect(ended[0]).toBe(204);
      expect([401, 403, 409]).toContain(ended[1]);
      const left = await server.db.knex('users').where({ tenant_id: 'duel', status: 'active' });
      expect(left).toHaveLength(1);
    }
  });

  it('cannot disconnect the connection they are signed in with', async () => {
    const { administratorsPoolId } = await server.createTenant('rope');
    await administrator('rope', administratorsPoolId, 'rob');
    const rob = await server.signIn('rope', 'rob@example.com', PASSWORD);
    const { body } = await rob.get('/api/admin/rope/servers/admin/idps');
    expect(await rob.delete(`/api/admin/rope/servers/admin/idps/${body.idps[0].id}`)).toMatchObject({
      status: 422,
      body: { error_code: 'connection_in_use' },
    });
  });
});

describe('the audit trail', () => {
  it('records every change with its actor, and no secret', async () => {
    await server.createTenant('audited');
    const manager = server.api('audited');
    await manager.post('/api/identity/audited/admin/pools', { id: 'staff', name: 'Staff' });
    await manager.post(
      '/api/identity/audited/admin/pools/staff/users',
      {
        id: 'u1',
        status: 'active',
        payload: person('Ann'),
        credentials: [{ type: 'password', password: 'very secret words' }],
      },
      { 'X-Correlation-ID': 'corr-1', 'User-Agent': 'probe/1' },
    );
    await manager.put('/api/identity/audited/admin/pools/staff/users/u1', { status: 'inactive' });
    await manager.delete('/api/identity/audited/admin/pools/staff/users/u1');
    await manager.put('/api/identity/audited/admin/pools/ghost', { name: 'x' });
    const events = await server.domain.audit.list({ tenantId: 'audited' }, 4);
    expect(events.map(({ subject, action }) => `${subject} ${action}`)).toEqual([
      'user deleted',
      'user updated',
      'user created',
      'pool created',
    ]);
    expect(events[2]).toMatchObject({
      metadata: {
        actor: 'client',
        ip: expect.any(String) as string,
        user_agent: 'probe/1',
        request_correlation_id: 'corr-1',
        affected_user_id: 'u1',
        affected_user_pool_id: 'staff',
      },
      payload: { user_created: { user_id: 'u1', status: 'active' } },
    });
    expect(JSON.stringify(events)).not.toMatch(/very secret|argon2/);
  });
});
