import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GrantInput } from '../../src/roles/role_service.ts';
import { startApiServer, SYSTEM_TENANT, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';

let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
});
afterAll(() => server.stop());

type Held = Pick<GrantInput, 'resourceType' | 'role'> & { resourceId?: string };
const REFUSED = { status: 403, body: { error_code: 'permission_missing' } };

async function grant(tenantId: string, subject: Pick<GrantInput, 'subjectType' | 'subjectId'>, role: Held) {
  await server.domain.roles.grant({ tenantId }, { resourceId: '', ...role, ...subject }, SYSTEM_ACTOR);
}

/** A machine client of the tenant's `admin` workspace with a role, and what it may call. */
async function holder(tenantId: string, ...roles: Held[]): Promise<ApiClient & { clientId: string }> {
  const { id, clientSecret = '' } = await server.domain.clients.create(
    { tenantId, workspaceId: 'admin' },
    { grantTypes: ['client_credentials'] },
    SYSTEM_ACTOR,
  );
  for (const role of roles) await grant(tenantId, { subjectType: 'client', subjectId: id }, role);
  return { ...server.api(tenantId, { clientId: id, clientSecret }), clientId: id };
}

async function personWith(tenantId: string, poolId: string, role: Held): Promise<string> {
  const { id } = await server.domain.users.create(
    { tenantId, poolId },
    { status: 'active', payload: person('Kim') },
    SYSTEM_ACTOR,
  );
  await grant(tenantId, { subjectType: 'identity_pool_user', subjectId: id }, role);
  return id;
}

const OPERATOR = { resourceType: 'system', role: 'operator' } as const;
const ADMIN = { resourceType: 'tenant', role: 'admin' } as const;
const BUSINESS_ADMIN = { resourceType: 'tenant', role: 'business_admin' } as const;
const MEMBER = { resourceType: 'tenant', role: 'member' } as const;

describe('who holds a role at the installation', () => {
  const tenantId = SYSTEM_TENANT;
  const clients = `/api/admin/${tenantId}/clients`;
  const roles = `/api/admin/${tenantId}/tenant/roles`;
  let admin: ApiClient;
  let operator: ApiClient;
  beforeAll(async () => {
    admin = await holder(tenantId, ADMIN);
    operator = server.api(tenantId);
  });

  it('is a client that only an operator changes, deletes, or gives and takes roles', async () => {
    const { clientId } = await holder(tenantId, OPERATOR);
    const change = { grant_types: ['client_credentials'], client_secret: 'x'.repeat(40) };
    const role = { type: 'client', client_id: clientId, role: 'auditor' };
    expect(await admin.get(`${clients}/${clientId}`)).toMatchObject({ status: 200 });
    expect(await admin.put(`${clients}/${clientId}`, change)).toMatchObject(REFUSED);
    expect(await admin.delete(`${clients}/${clientId}`)).toMatchObject(REFUSED);
    expect(await admin.post(`${roles}/grant`, role)).toMatchObject(REFUSED);
    expect(await operator.post(`${roles}/grant`, role)).toMatchObject({ status: 204 });
    expect(await admin.delete(`${roles}/revoke`, {}, role)).toMatchObject(REFUSED);
    expect(await admin.post(`${roles}/revoke`, role)).toMatchObject(REFUSED);
    expect(await operator.put(`${clients}/${clientId}`, change)).toMatchObject({ status: 200 });
    expect(await operator.delete(`${clients}/${clientId}`)).toMatchObject({ status: 204 });
  });

  it('is a person whom only an operator changes, directly or through their pool or workspace', async () => {
    const workspace = `/api/admin/${tenantId}/servers/ship`;
    const pools = `/api/identity/${tenantId}/admin/pools`;
    await admin.post(`/api/admin/${tenantId}/servers`, { id: 'ship' });
    await admin.post(`/api/identity/${tenantId}/admin/workspace/ship/pools`, { id: 'crew', name: 'Crew' });
    const userId = await personWith(tenantId, 'crew', OPERATOR);
    const role = { type: 'identity_pool_user', identity_pool_id: 'crew', identity_pool_user_id: userId };
    const user = `${pools}/crew/users/${userId}`;
    expect(await admin.post(`${roles}/grant`, { ...role, role: 'auditor' })).toMatchObject(REFUSED);
    expect(await admin.put(user, { status: 'inactive' })).toMatchObject(REFUSED);
    expect(await admin.delete(user)).toMatchObject(REFUSED);
    expect(await admin.put(`${pools}/crew`, { name: 'Crew' })).toMatchObject(REFUSED);
    expect(await admin.delete(`${pools}/crew?with_idp=true`)).toMatchObject(REFUSED);
    expect(await admin.delete(workspace)).toMatchObject(REFUSED);
    // What does not concern them stays with the administrator.
    expect(await admin.post(`${pools}/crew/users`, { status: 'new' })).toMatchObject({ status: 201 });
    expect(await admin.put(workspace, { name: 'Ship' })).toMatchObject({ status: 200 });
    expect(await operator.put(user, { metadata: {} })).toMatchObject({ status: 200 });
    expect(await operator.delete(workspace)).toMatchObject({ status: 204 });
  });

  it('is an operator in the tenant of the installation only', async () => {
    await server.createTenant('elsewhere');
    const pretender = await holder('elsewhere', ADMIN, OPERATOR);
    const grants = '/api/admin/elsewhere/tenant/roles/grant';
    const role = { type: 'client', client_id: pretender.clientId, role: 'operator' };
    expect(await pretender.post(grants, role)).toMatchObject(REFUSED);
  });
});

describe('who holds a role in the tenant', () => {
  it('is changed through their pool or workspace by its administrators only', async () => {
    const { clientId, clientSecret } = await server.createTenant('board');
    const admin = server.api('board', { clientId, clientSecret });
    const business = await holder('board', BUSINESS_ADMIN);
    const own = '/api/identity/board/admin/workspace/ship/pools';
    const pools = '/api/identity/board/admin/pools';
    await business.post('/api/admin/board/servers', { id: 'ship' });
    expect(await business.post(own, { id: 'crew', name: 'Crew' })).toMatchObject({ status: 201 });
    expect(await business.put(`${pools}/crew`, { name: 'Crew' })).toMatchObject({ status: 200 });
    await personWith('board', 'crew', MEMBER);
    expect(await business.get(`${pools}/crew`)).toMatchObject({ status: 200 });
    expect(await business.put(`${pools}/crew`, { name: 'Crew' })).toMatchObject(REFUSED);
    expect(await business.delete(`${pools}/crew`)).toMatchObject(REFUSED);
    expect(await business.delete(`${own}/crew?with_idp=true`)).toMatchObject(REFUSED);
    expect(await business.delete('/api/admin/board/servers/ship')).toMatchObject(REFUSED);
    expect(await business.post(`${pools}/crew/users`, { status: 'new' })).toMatchObject({ status: 201 });
    expect(await admin.put(`${pools}/crew`, { name: 'Crew' })).toMatchObject({ status: 200 });
    expect(await admin.delete('/api/admin/board/servers/ship')).toMatchObject({ status: 204 });
  });
});

describe('connecting a pool', () => {
  const idps = '/api/admin/links/servers/shop/idps';
  let manager: ApiClient;
  let business: ApiClient;
  let admin: ApiClient;
  let administratorsPoolId: string;
  beforeAll(async () => {
    const tenant = await server.createTenant('links');
    ({ administratorsPoolId } = tenant);
    admin = server.api('links', tenant);
    await admin.post('/api/admin/links/servers', { id: 'shop' });
    await admin.post('/api/identity/links/admin/pools', { id: 'staff', name: 'Staff' });
    await admin.post('/api/identity/links/admin/workspace/shop/pools', { id: 'own', name: 'Own' });
    manager = await holder('links', { resourceType: 'workspace', resourceId: 'shop', role: 'manager' });
    business = await holder('links', BUSINESS_ADMIN);
  });

  const connect = (caller: ApiClient, poolId: string) =>
    caller.post(`${idps}/identity_pool`, { id: `to-${poolId}`, identity_pool_id: poolId });

  it('needs a permission on the pool; one that the caller may not see is absent', async () => {
    expect(await connect(manager, 'own')).toMatchObject({ status: 201 });
    const absent = await connect(manager, 'nothing');
    const unseen = await connect(manager, 'staff');
    expect(unseen).toMatchObject({ status: 422 });
    const { correlation_id: _one, ...told } = unseen.body;
    const { correlation_id: _another, ...toldOfNothing } = absent.body;
    expect(told).toEqual(toldOfNothing);
    expect(await connect(manager, administratorsPoolId)).toMatchObject({ status: 422 });
  });

  it("needs the tenant's administrator for the pool of administrators", async () => {
    expect(await connect(business, administratorsPoolId)).toMatchObject(REFUSED);
    expect(await connect(admin, administratorsPoolId)).toMatchObject({ status: 201 });
  });

  it('is what enabling a connection again asks for, and creating it again', async () => {
    expect(await connect(business, 'staff')).toMatchObject({ status: 201 });
    const connection = `${idps}/identity_pool/to-staff`;
    expect(await manager.put(connection, { name: 'People' })).toMatchObject({ status: 200 });
    expect(await manager.put(connection, { disabled: true })).toMatchObject({ status: 200 });
    expect(await manager.put(connection, { disabled: true, hidden: true })).toMatchObject({ status: 200 });
    expect(await manager.put(connection, {})).toMatchObject(REFUSED);
    expect(await manager.put(connection, { disabled: false })).toMatchObject(REFUSED);
    expect(await business.put(connection, { disabled: false })).toMatchObject({ status: 200 });
    expect(await manager.delete(`${idps}/to-staff`)).toMatchObject({ status: 204 });
    expect(await connect(manager, 'staff')).toMatchObject({ status: 422 });
  });
});
