import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiAnswer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';

// A backend's scopes and the lesser roles end where somebody has more authority than they carry.
describe('administrators, out of reach of a backend', () => {
  let server: ApiServer;
  let administrators: string;
  let chief: string;
  let steward: string;
  let config: ApiClient;
  let backend: ApiClient;
  let admin: ApiClient;
  const TENANT = 'acme';
  const CONFIGURATION = `/api/identity/${TENANT}/configuration`;
  const ADMIN = `/api/identity/${TENANT}/admin`;
  const SYSTEM = `/api/identity/${TENANT}/system`;

  async function addPerson(poolId: string, identifier: string, more: object = {}): Promise<string> {
    const scope = { tenantId: TENANT, poolId };
    const input = {
      status: 'active',
      payload: person('Holder'),
      identifiers: [{ type: 'email', identifier }],
      ...more,
    } as const;
    return (await server.domain.users.create(scope, input, SYSTEM_ACTOR)).id;
  }
  async function patch(operations: unknown, as?: string): Promise<ApiAnswer & { text: string }> {
    const token = as ?? (await server.systemToken(TENANT, 'manage_configuration'));
    const response = await fetch(server.url + CONFIGURATION, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json-patch+json' },
      body: JSON.stringify(operations),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
      etag: '',
    };
  }

  beforeAll(async () => {
    server = await startApiServer();
    ({ administratorsPoolId: administrators } = await server.createTenant(TENANT));
    const tenant = { tenantId: TENANT };
    await server.domain.workspaces.create(tenant, { id: 'shop', name: 'Shop' }, SYSTEM_ACTOR);
    await server.domain.pools.create(tenant, { id: 'staff', name: 'Staff' }, SYSTEM_ACTOR);
    await server.domain.pools.create(tenant, { id: 'guests', name: 'Guests' }, SYSTEM_ACTOR);
    const password = { password: 'quiet otter crosses river', mustBeChanged: false, mustBeReset: false };
    chief = await addPerson(administrators, 'chief@example.test', { password });
    steward = await addPerson('staff', 'steward@example.test');
    const to = (subjectId: string) => ({ subjectType: 'identity_pool_user', subjectId }) as const;
    const atTenant = { resourceType: 'tenant', resourceId: '', role: 'admin' } as const;
    await server.domain.roles.grant(tenant, { ...atTenant, ...to(chief) }, SYSTEM_ACTOR);
    const atPool = { resourceType: 'identity_pool', resourceId: 'staff', role: 'user_manager' } as const;
    await server.domain.roles.grant(tenant, { ...atPool, ...to(steward) }, SYSTEM_ACTOR);
    config = await server.system(TENANT, 'manage_configuration');
    backend = await server.system(TENANT, 'identity', 'identity_self_registration');
    admin = server.api(TENANT);
  });
  afterAll(() => server.stop());

  it('puts no group into the pool of the administrators', async () => {
    const group = { id: 'inner', user_pool_id: administrators, name: 'Inner', path: '/inner' };
    const made = await config.put(CONFIGURATION, { groups: [group] });
    expect(made.status).toBe(403);
    expect((await admin.get(`${ADMIN}/pools/${administrators}/groups/inner`)).status).toBe(404);
  });

  it('puts nobody who holds a role into a group', async () => {
    await admin.post(`${ADMIN}/pools/${administrators}/groups`, { id: 'chiefs', name: 'Chiefs' });
    await admin.post(`${ADMIN}/pools/staff/groups`, { id: 'plain', name: 'Plain' });
    const member = (poolId: string, groupId: string, userId: string) => ({
      group_members: [{ user_pool_id: poolId, group_id: groupId, user_id: userId }],
    });
    expect((await config.put(CONFIGURATION, member(administrators, 'chiefs', chief))).status).toBe(403);
    expect((await config.put(CONFIGURATION, member('staff', 'plain', steward))).status).toBe(403);
    expect((await backend.put(`${SYSTEM}/pools/staff/groups/plain/users/${steward}`, undefined)).status).toBe(
      403,
    );
  });

  it('weakens no pool in which somebody holds a role', async () => {
    const { body } = await admin.get(`${ADMIN}/pools/staff`);
    const weak = {
      id: 'staff',
      name: 'Staff',
      password_policy: { ...body.password_policy, strength: 'any' },
    };
    expect((await backend.put(`${SYSTEM}/pools/staff`, weak)).status).toBe(403);
    expect((await config.put(CONFIGURATION, { pools: [weak] })).status).toBe(403);
    expect((await patch([{ op: 'replace', path: '/pools/1/description', value: 'x' }])).status).toBe(403);
  });

  it('makes no pool that belongs to the administrators workspace', async () => {
    const pool = { id: 'foothold', name: 'Foothold', workspace_id: 'admin' };
    expect((await config.put(CONFIGURATION, { pools: [pool] })).status).toBe(403);
    expect((await backend.post(`${SYSTEM}/pools`, pool)).status).toBe(403);
  });

  it('changes no schema that the data of administrators follows', async () => {
    const id = 'administrators-schema';
    await admin.post(`${ADMIN}/schemas`, { id, name: 'Administrators', schema: { type: 'object' } });
    const { body, etag } = await admin.get(`${ADMIN}/pools/${administrators}`);
    await admin.put(
      `${ADMIN}/pools/${administrators}`,
      { name: body.name, metadata_schema_id: id },
      { 'If-Match': etag },
    );
    const closed = { name: 'Administrators', schema: { type: 'object', required: ['never'] } };
    expect((await backend.put(`${SYSTEM}/schemas/${id}`, closed)).status).toBe(403);
    expect((await config.put(CONFIGURATION, { schemas: [{ id, ...closed }] })).status).toBe(403);
    expect((await admin.put(`${ADMIN}/schemas/${id}`, closed)).status).toBe(200);
  });

  it('keeps a patch within the size of what it changes', async () => {
    const operations = [
      { op: 'add', path: '/codes', value: [] },
      ...Array.from({ length: 24 }, () => ({ op: 'copy', from: '/codes', path: '/codes/-' })),
    ];
    const before = process.memoryUsage().rss;
    const answer = await patch(operations);
    expect(answer.status).toBe(422);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  // What was disabled while a patch was being worked out stays disabled.
  it('takes back nothing that happened between reading and writing', async () => {
    const path = `${ADMIN}/pools/guests/users/${await addPerson('guests', 'guest@example.test')}`;
    const token = await server.systemToken(TENANT, 'manage_configuration');
    for (let round = 0; round < 10; round += 1) {
      await admin.put(path, { status: 'active' });
      const [, changed] = await Promise.all([
        patch([{ op: 'add', path: '/users/0/metadata', value: { round } }], token),
        admin.put(path, { status: 'inactive' }),
      ]);
      expect(changed.status).toBe(200);
      expect((await admin.get(path)).body).toMatchObject({ status: 'inactive' });
    }
  });

  it('leaves the last administrator a password that is good as it is', async () => {
    for (const state of ['must_be_reset', 'must_be_changed']) {
      const answer = await admin.put(`${ADMIN}/pools/${administrators}/users/${chief}/password/state`, {
        state,
      });
      expect(answer.status).toBe(409);
    }
  });
});
