import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, type Level, type Role } from '../../src/roles/permissions.ts';
import { type ApiClient, startApiServer, statuses, type ApiServer } from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';

let server: ApiServer;
let admin: ApiClient;
const tenantId = 'crew';
const base = `/api/admin/${tenantId}`;
const identity = `/api/identity/${tenantId}/admin`;

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant(tenantId);
  admin = server.api(tenantId);
  for (const id of ['shop', 'back']) {
    await admin.post(`${base}/servers`, { id });
    await admin.post(`${identity}/workspace/${id}/pools`, { id: `${id}-pool`, name: `Pool of ${id}` });
  }
  for (const id of ['ann', 'bob', 'cid']) {
    await admin.post(`${identity}/pools/shop-pool/users`, { id, status: 'active', payload: person(id) });
  }
});
afterAll(() => server.stop());

/** A caller who holds one role, or none. */
async function holder(role?: { level: Level; at: string; role: Role }): Promise<ApiClient & { id: string }> {
  const scope = { tenantId, workspaceId: 'admin' };
  const made = await server.domain.clients.create(
    scope,
    { grantTypes: ['client_credentials'] },
    SYSTEM_ACTOR,
  );
  if (role !== undefined) {
    const subject = { subjectType: 'client', subjectId: made.id } as const;
    const held = { resourceType: role.level, resourceId: role.at, role: role.role, ...subject };
    await server.domain.roles.grant({ tenantId }, held, SYSTEM_ACTOR);
  }
  return {
    ...server.api(tenantId, { clientId: made.id, clientSecret: made.clientSecret ?? '' }),
    id: made.id,
  };
}

const WORKSPACE = `${base}/servers/shop/roles`;
const POOL = `${base}/pools/shop-pool/roles`;
const ofPerson = (id: string, role: string, pool = 'shop-pool') => ({
  type: 'identity_pool_user',
  identity_pool_id: pool,
  identity_pool_user_id: id,
  role,
});
const ofClient = (id: string, role: string) => ({ type: 'client', client_id: id, role });

describe.each([
  ['a workspace', WORKSPACE, 'auditor'],
  ['a pool', POOL, 'user_manager'],
])('roles at %s', (_, path, role) => {
  it('are granted, listed and revoked, by DELETE with a body or by POST', async () => {
    const { id: client } = await holder();
    for (let time = 0; time < 2; time += 1) {
      expect(await admin.post(`${path}/grant`, ofPerson('ann', role))).toMatchObject({ status: 204 });
    }
    expect(await admin.post(`${path}/grant`, ofClient(client, role))).toMatchObject({ status: 204 });
    const { status, body } = await admin.get(path);
    expect(status).toBe(200);
    expect(body.subjects).toEqual(
      expect.arrayContaining([
        { ...ofPerson('ann', role), role: undefined, tenant_id: tenantId, roles: { [role]: true } },
        { type: 'client', client_id: client, tenant_id: tenantId, roles: { [role]: true } },
      ]),
    );
    const revoke = `${path}/revoke`;
    expect(await admin.delete(revoke, {}, ofPerson('ann', role))).toMatchObject({ status: 204 });
    expect(await admin.delete(revoke, {}, ofPerson('ann', role))).toMatchObject({ status: 404 });
    expect(await admin.post(revoke, ofClient(client, role))).toMatchObject({ status: 204 });
    expect((await admin.get(path)).body).toEqual({ subjects: [] });
  });

  it('go to people and clients that are there', async () => {
    for (const wrong of [
      ofPerson('ghost', role),
      ofPerson('ann', role, 'back-pool'),
      ofClient('ghost', role),
    ]) {
      expect(await admin.post(`${path}/grant`, wrong)).toMatchObject({ status: 422 });
    }
    for (const [pointer, wrong] of [
      ['/role', ofPerson('ann', 'emperor')],
      ['/role', ofPerson('ann', 'business_admin')],
      ['/type', { ...ofPerson('ann', role), type: 'idp' }],
      ['/client_id', { type: 'client', role }],
      ['/identity_pool_user_id', { type: 'identity_pool_user', identity_pool_id: 'shop-pool', role }],
    ] as const) {
      expect(await admin.post(`${path}/grant`, wrong)).toMatchObject({
        status: 422,
        body: { details: [{ pointer }] },
      });
    }
    const absent = path.replace('shop', 'ghost');
    expect(await admin.get(absent)).toMatchObject({ status: 404 });
    expect(await admin.post(`${absent}/grant`, ofPerson('ann', role))).toMatchObject({ status: 404 });
    expect(await admin.delete(`${absent}/revoke`, {}, ofPerson('ann', role))).toMatchObject({ status: 404 });
  });

  it('fifty grants at the same moment are one role and one event', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => admin.post(`${path}/grant`, ofPerson('bob', role))),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([204]));
    const revoked = await Promise.all(
      Array.from({ length: 50 }, () => admin.post(`${path}/revoke`, ofPerson('bob', role))),
    );
    expect(statuses(revoked)).toEqual([204, ...Array.from({ length: 49 }, () => 404)]);
    const events = await server.db
      .knex('audit_events')
      .where({ tenant_id: tenantId, event_subject: 'role' })
      .whereRaw(`metadata ->> 'affected_user_id' = 'bob'`)
      .whereRaw(`payload::text LIKE ?`, [`%"${role}"%`]);
    expect(events.map(({ action }) => action).toSorted()).toEqual(['granted', 'revoked']);
  });
});

describe('nobody grants more than they hold', () => {
  const everyone = [
    { level: 'tenant', at: '' },
    { level: 'workspace', at: 'shop' },
    { level: 'workspace', at: 'back' },
    { level: 'identity_pool', at: 'shop-pool' },
  ] as const;
  const grants = everyone.flatMap(({ level, at }) =>
    ROLES[level].map((role) => ({ level, at, role }) as const),
  );
  const mayGrantAt = {
    workspace: ['tenant admin', 'tenant business_admin', 'workspace shop admin'],
    pool: ['tenant admin', 'tenant business_admin', 'workspace shop admin'],
  };

  it.each(grants)('$level $at $role', async (held) => {
    const caller = await holder(held);
    const name = [held.level, held.at, held.role].filter((word) => word !== '').join(' ');
    const workspace = await Promise.all(
      ROLES.workspace.map((role) => caller.post(`${WORKSPACE}/grant`, ofPerson('cid', role))),
    );
    const allowed = mayGrantAt.workspace.includes(name) ? 204 : 403;
    expect(new Set(statuses(workspace))).toEqual(new Set([allowed]));
    expect(await caller.post(`${POOL}/grant`, ofPerson('cid', 'user_manager'))).toMatchObject({
      status: mayGrantAt.pool.includes(name) ? 204 : 403,
    });
    // Never to themselves at the tenant, unless they govern it.
    expect(await caller.post(`${base}/tenant/roles/grant`, ofClient(caller.id, 'admin'))).toMatchObject({
      status: name === 'tenant admin' ? 204 : 403,
    });
    expect(
      await caller.post(`${base}/servers/admin/roles/grant`, ofClient(caller.id, 'admin')),
    ).toMatchObject({
      status: name === 'tenant admin' ? 204 : 403,
    });
  });

  it('a client with the scope of the system API has no say in roles', async () => {
    const scope = { tenantId, workspaceId: 'system' };
    const made = await server.domain.clients.create(
      scope,
      { grantTypes: ['client_credentials'], scopes: ['identity'] },
      SYSTEM_ACTOR,
    );
    const answer = await fetch(`${server.url}/${tenantId}/system/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${made.id}:${made.clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'identity' }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const refused = await fetch(`${server.url}${WORKSPACE}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(refused.status).toBe(401);
  });
});

describe('roles of a person', () => {
  it('are listed with their places, to who may read them', async () => {
    await admin.post(`${base}/tenant/roles/grant`, ofPerson('ann', 'auditor'));
    await admin.post(`${WORKSPACE}/grant`, ofPerson('ann', 'manager'));
    await admin.post(`${POOL}/grant`, ofPerson('ann', 'user_manager'));
    const path = `${base}/pools/shop-pool/users/ann/roles`;
    expect(await admin.get(path)).toMatchObject({
      status: 200,
      body: {
        resources: [
          { type: 'identity_pool', role: 'user_manager', identity_pool_id: 'shop-pool', tenant_id: tenantId },
          { type: 'tenant', role: 'auditor', tenant_id: tenantId },
          { type: 'workspace', role: 'manager', workspace_id: 'shop', tenant_id: tenantId },
        ],
      },
    });
    expect(await admin.get(path.replace('ann', 'ghost'))).toMatchObject({ status: 404 });
    expect(await admin.get(path.replace('shop-pool', 'back-pool'))).toMatchObject({ status: 404 });
    const manager = await holder({ level: 'identity_pool', at: 'shop-pool', role: 'user_manager' });
    expect(await manager.get(path)).toMatchObject({ status: 200 });
    expect(await (await holder()).get(path)).toMatchObject({ status: 403 });
  });

  it('end with the workspace and the pool they are held at, also for one of the same name later', async () => {
    await admin.post(`${base}/servers`, { id: 'brief' });
    await admin.post(`${identity}/workspace/brief/pools`, { id: 'brief-pool', name: 'Brief' });
    const boss = await holder({ level: 'workspace', at: 'brief', role: 'admin' });
    const keeper = await holder({ level: 'identity_pool', at: 'brief-pool', role: 'user_manager' });
    expect(await boss.get(`${base}/servers/brief`)).toMatchObject({ status: 200 });
    expect(await keeper.get(`${identity}/pools/brief-pool`)).toMatchObject({ status: 200 });
    expect(await admin.delete(`${base}/servers/brief`)).toMatchObject({ status: 204 });
    await server.domain.pools.purge();
    await admin.post(`${base}/servers`, { id: 'brief' });
    await admin.post(`${identity}/workspace/brief/pools`, { id: 'brief-pool', name: 'Brief' });
    expect(await boss.get(`${base}/servers/brief`)).toMatchObject({ status: 403 });
    expect(await keeper.get(`${identity}/pools/brief-pool`)).toMatchObject({ status: 403 });
  });
});

describe('permission probes', () => {
  const PROBES = {
    tenant: `${base}/tenant/permissions`,
    workspace: `${base}/servers/shop/permissions`,
    pool: `${identity}/pools/shop-pool/permissions`,
  };
  const held = async (caller: ApiClient, probe: keyof typeof PROBES): Promise<string[]> => {
    const { status, body, etag } = await caller.get(PROBES[probe]);
    expect(status).toBe(200);
    expect(etag).toMatch(/^"\d+"$/);
    return Object.entries(body as Record<string, boolean>)
      .filter(([, allowed]) => allowed)
      .map(([name]) => name);
  };

  it('say everything for the administrator', async () => {
    for (const probe of ['tenant', 'workspace', 'pool'] as const) {
      const { body } = await admin.get(PROBES[probe]);
      expect(await held(admin, probe)).toEqual(Object.keys(body as object));
    }
  });

  it('say what a role carries, where it carries it', async () => {
    const keeper = await holder({ level: 'identity_pool', at: 'shop-pool', role: 'user_manager' });
    expect(await held(keeper, 'tenant')).toEqual([]);
    expect(await held(keeper, 'workspace')).toEqual([]);
    const pool = await held(keeper, 'pool');
    expect(pool).toEqual(
      expect.arrayContaining(['get_identity_pool', 'manage_identity_pool_groups', 'read_roles']),
    );
    expect(pool).not.toContain('manage_user_manager_role');
    expect(pool).not.toContain('export_identity_pool_users');

    const boss = await holder({ level: 'workspace', at: 'shop', role: 'admin' });
    expect(await held(boss, 'workspace')).toEqual(
      expect.arrayContaining([
        'manage_admin_role',
        'manage_user_manager_role',
        'read_audit_events',
        'create_identity_pool',
      ]),
    );
    expect(await held(boss, 'pool')).toContain('manage_user_manager_role');
    const auditor = await holder({ level: 'workspace', at: 'shop', role: 'auditor' });
    expect(await held(auditor, 'workspace')).toEqual(expect.arrayContaining(['read_roles', 'read_clients']));
    expect((await held(auditor, 'workspace')).filter((name) => name.startsWith('manage_'))).toEqual([]);
  });

  it('agree with what is then allowed', async () => {
    const caller = await holder({ level: 'workspace', at: 'back', role: 'user_manager' });
    const path = `${identity}/pools/back-pool`;
    const { body } = await caller.get(`${path}/permissions`);
    const name = () => `Probe ${Math.random()}`;
    const tried = {
      get_identity_pool: (await caller.get(path)).status,
      delete_identity_pool: (await caller.delete(path)).status,
      manage_identity_pool_groups: (await caller.post(`${path}/groups`, { name: name() })).status,
      manage_identity_pool_users: (await caller.post(`${path}/users`, { status: 'new' })).status,
      update_identity_pool: (await caller.put(path, { name: 'Other' })).status,
    };
    for (const [permission, status] of Object.entries(tried)) {
      expect(status < 300, permission).toBe(body[permission]);
    }
  });

  it('tell no stranger what is there', async () => {
    const nobody = await holder();
    const elsewhere = await holder({ level: 'workspace', at: 'back', role: 'admin' });
    for (const path of Object.values(PROBES)) {
      expect(await nobody.get(path)).toMatchObject({ status: 403 });
      expect(await nobody.get(path.replace('shop', 'ghost'))).toMatchObject({ status: 403 });
    }
    const [real, absent] = await Promise.all(
      [PROBES.pool, PROBES.pool.replace('shop', 'ghost')].map((path) => elsewhere.get(path)),
    );
    expect(absent?.body).toEqual(real?.body);
    expect(real?.status).toBe(200);
    expect(await admin.get(PROBES.pool.replace('shop', 'ghost'))).toMatchObject({ status: 404 });
    expect(await admin.get(PROBES.workspace.replace('shop', 'ghost'))).toMatchObject({ status: 404 });
  });
});
