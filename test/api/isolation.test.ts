import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiRoutes } from '../../src/api/index.ts';
import type { Route } from '../../src/api/route.ts';
import {
  answerOf,
  expectDeclared,
  SYSTEM_TENANT,
  startApiServer,
  type ApiAnswer,
  type ApiServer,
} from '../support/api_server.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';

/** One of each thing, all belonging together. */
type World = Readonly<Record<'tid' | 'wid' | 'ipID' | 'userID' | 'cid' | 'iid', string>>;

let server: ApiServer;
let mine: World;
// The same tenant, other parents.
let aside: World;
let foreign: World;
// Tokens that prove a client without any role, by tenant.
const nobody = new Map<string, string>();

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('mine');
  await server.createTenant('foreign');
  mine = await world('mine', 'a');
  aside = await world('mine', 'b');
  foreign = await world('foreign', 'c');
  for (const tenantId of ['mine', SYSTEM_TENANT]) {
    const { id, clientSecret = '' } = await server.domain.clients.create(
      { tenantId, workspaceId: 'admin' },
      { grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    nobody.set(tenantId, await server.token(tenantId, { clientId: id, clientSecret }));
  }
});
afterAll(() => server.stop());

async function world(tid: string, name: string): Promise<World> {
  const api = server.api(tid);
  const wid = `w-${name}`;
  const ipID = `p-${name}`;
  await api.post(`/api/admin/${tid}/servers`, { id: wid });
  await api.post(`/api/identity/${tid}/admin/workspace/${wid}/pools`, { id: ipID, name: `Pool ${name}` });
  const user = await api.post(`/api/identity/${tid}/admin/pools/${ipID}/users`, { status: 'new' });
  const client = await api.post(`/api/admin/${tid}/clients`, clientBody(wid));
  const idp = await api.post(`/api/admin/${tid}/servers/${wid}/idps/identity_pool`, {
    identity_pool_id: ipID,
  });
  expect([user.status, client.status, idp.status]).toEqual([201, 201, 201]);
  return { tid, wid, ipID, userID: user.body.id, cid: client.body.client_id, iid: idp.body.id };
}

const clientBody = (wid: string) => ({
  authorization_server_id: wid,
  redirect_uris: ['https://app.example/cb'],
});

/** A body that the operation would take in the given world. */
function bodyFor({ operationId }: Route, { wid, ipID, userID }: World): object | undefined {
  const bodies: Readonly<Record<string, object>> = {
    CreateTenant: { id: 'never-made' },
    UpdateTenant: { name: 'x' },
    createAuthorizationServer: {},
    updateAuthorizationServer: {},
    createClient: clientBody(wid),
    updateClient: clientBody(wid),
    createIdentityPoolIDP: { identity_pool_id: ipID },
    updateIdentityPoolIDP: {},
    grantTenantRole: {
      type: 'identity_pool_user',
      identity_pool_id: ipID,
      identity_pool_user_id: userID,
      role: 'auditor',
    },
    revokeTenantRole: {
      type: 'identity_pool_user',
      identity_pool_id: ipID,
      identity_pool_user_id: userID,
      role: 'auditor',
    },
    revokeTenantRoleByPost: {
      type: 'identity_pool_user',
      identity_pool_id: ipID,
      identity_pool_user_id: userID,
      role: 'auditor',
    },
    CreatePool: { name: 'Never made' },
    CreateWorkspacePool: { name: 'Never made' },
    UpdatePool: { name: 'Never renamed' },
    CreateUser: { status: 'new' },
    UpdateUser: { metadata: { touched: true } },
  };
  return bodies[operationId];
}

const parametersOf = (route: Route): (keyof World)[] =>
  [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as keyof World);

async function call(
  route: Route,
  params: World,
  body: object | undefined,
  token?: string,
): Promise<ApiAnswer> {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: keyof World) => params[name]);
  const response = await fetch(server.url + path, {
    method: route.method.toUpperCase(),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await answerOf(response);
  expectDeclared(route.method, path, answer);
  return answer;
}

/** Everything stored of the tenants, in one value: equal before and after means that nothing was written. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const tables = [
    'tenants',
    'workspaces',
    'pools',
    'users',
    'identifiers',
    'clients',
    'connections',
    'role_grants',
  ];
  for (const table of [...tables, 'pool_user_counts', 'user_ids', 'audit_events', 'signing_keys']) {
    const { rows } = await server.db.knex.raw(`SELECT t::text AS row FROM ${table} t ORDER BY 1`);
    hash.update(JSON.stringify(rows));
  }
  return hash.digest('hex');
}

const titled = (routes: readonly Route[]) =>
  routes.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const);
const guarded = apiRoutes.filter((route) => route.requires.token !== 'none');
const ofTenants = apiRoutes.filter((route) => route.requires.token === 'tenant');

const withoutCorrelation = ({ body }: ApiAnswer) => ({ ...body, correlation_id: undefined });

describe.each(titled(guarded))('%s', (_, route) => {
  it('asks for a token', async () => {
    const answer = await call(route, mine, bodyFor(route, mine));
    expect(answer).toMatchObject({ status: 401, body: { status_code: 401 } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="weir"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('refuses a caller without a role, whether or not the thing exists', async () => {
    const token = nobody.get(route.requires.token === 'system' ? SYSTEM_TENANT : 'mine');
    const ghost: World = {
      ...mine,
      wid: 'ghost',
      ipID: 'ghost',
      userID: 'ghost',
      cid: 'ghost',
      iid: 'ghost',
    };
    const [real, absent] = [
      await call(route, mine, bodyFor(route, mine), token),
      await call(route, ghost, bodyFor(route, ghost), token),
    ];
    expect(real).toMatchObject({ status: 403, body: { status_code: 403, error_code: 'permission_missing' } });
    expect(withoutCorrelation(absent)).toEqual(withoutCorrelation(real));
  });
});

describe.each(titled(ofTenants))('%s (T-501)', (_, route) => {
  it('cannot tell a token of another tenant from one for a tenant that is not there', async () => {
    const before = await fingerprint();
    const token = await server.token('foreign');
    const other = await call(route, mine, bodyFor(route, mine), token);
    const ghost = await call(route, { ...mine, tid: 'ghost' }, bodyFor(route, mine), token);
    expect(other).toMatchObject({ status: 401, body: { status_code: 401 } });
    expect(withoutCorrelation(ghost)).toEqual(withoutCorrelation(other));
    expect(await fingerprint()).toBe(before);
  });
});

/** Every way to mix ids of different parents, or of another tenant, into one path. */
function mixtures(route: Route): (readonly [string, () => World])[] {
  const names = parametersOf(route).filter((name) => name !== 'tid');
  return names.flatMap((name) => {
    const cases: (readonly [string, () => World])[] = [
      [`foreign ${name}`, () => ({ ...mine, [name]: foreign[name] })],
      [`absent ${name}`, () => ({ ...mine, [name]: 'ghost' })],
      [`impossible ${name}`, () => ({ ...mine, [name]: '%00' })],
    ];
    // A thing of the same tenant is out of place only where the path names its parent too.
    if (names.length > 1) cases.push([`misplaced ${name}`, () => ({ ...mine, [name]: aside[name] })]);
    return cases;
  });
}

const nested = ofTenants
  .flatMap((route) => mixtures(route).map(([mixture, params]) => [route, mixture, params] as const))
  .map(([route, mixture, params]) => [`${route.operationId}, ${mixture}`, route, params] as const);

describe('ids that do not belong together (T-502, T-503)', () => {
  it.each(nested)('%s: 404 and nothing written', async (_, route, params) => {
    const before = await fingerprint();
    const answer = await call(route, params(), bodyFor(route, mine), await server.token('mine'));
    expect(answer).toMatchObject({ status: 404, body: { status_code: 404 } });
    expect(await fingerprint()).toBe(before);
  });

  it('in a body are refused, or the path wins', async () => {
    const manager = server.api('mine');
    const pool = `/api/identity/mine/admin/pools/${mine.ipID}`;
    expect(await manager.post('/api/admin/mine/clients', clientBody(foreign.wid))).toMatchObject({
      status: 404,
    });
    expect(
      await manager.post(`/api/admin/mine/servers/${mine.wid}/idps/identity_pool`, {
        identity_pool_id: foreign.ipID,
      }),
    ).toMatchObject({ status: 422 });
    const { body } = await manager.get(pool);
    const lying = { ...body, id: aside.ipID, tenant_id: 'foreign', workspace_id: aside.wid, system: true };
    expect(await manager.put(pool, lying)).toMatchObject({
      status: 200,
      body: { id: mine.ipID, tenant_id: 'mine', workspace_id: mine.wid, system: false },
    });
    const user = `${pool}/users/${mine.userID}`;
    const moved = { id: aside.userID, tenant_id: 'foreign', user_pool_id: aside.ipID, metadata: { a: 1 } };
    expect(await manager.put(user, moved)).toMatchObject({
      status: 200,
      body: { id: mine.userID, tenant_id: 'mine', user_pool_id: mine.ipID },
    });
    expect(
      await manager.post('/api/admin/mine/tenant/roles/grant', {
        type: 'identity_pool_user',
        identity_pool_id: aside.ipID,
        identity_pool_user_id: mine.userID,
        role: 'admin',
      }),
    ).toMatchObject({ status: 422 });
  });
});
