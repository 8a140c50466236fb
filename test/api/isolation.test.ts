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

const THINGS = [
  'tid',
  'wid',
  'ipID',
  'userID',
  'groupID',
  'schID',
  'cid',
  'iid',
  'claim',
  'scp',
  'sid',
] as const;
/** One of each thing, all belonging together. */
type World = Readonly<Record<(typeof THINGS)[number], string>>;

let server: ApiServer;
let mine: World;
// The same tenant, other parents.
let aside: World;
let foreign: World;
// Tokens that prove a client without any role, by tenant.
const nobody = new Map<string, string>();
// Tokens of clients of the tenant's system workspace, by the scope they were given.
const backends = new Map<string, string>();

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
  for (const scope of ['identity', 'view_audit_events', 'revoke_tokens', ''])
    backends.set(scope, await backendToken(scope));
  // What the keys of the new workspaces still need is not left for a job to write in the middle.
  while ((await server.domain.keySchedules.tend()) > 0);
});
afterAll(() => server.stop());

async function backendToken(scope: string): Promise<string> {
  const scopes = scope === '' ? [] : [scope];
  const { id, clientSecret } = await server.domain.clients.create(
    { tenantId: 'mine', workspaceId: 'system' },
    { grantTypes: ['client_credentials'], scopes },
    SYSTEM_ACTOR,
  );
  const response = await fetch(`${server.url}/mine/system/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === '' ? {} : { scope }) }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

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
  const schema = await api.post(`/api/identity/${tid}/admin/schemas`, schemaBody(name));
  const group = await api.post(`/api/identity/${tid}/admin/pools/${ipID}/groups`, { name: `Group ${name}` });
  const claim = await api.post(`/api/admin/${tid}/claims`, claimBody(wid));
  const scope = await api.post(`/api/admin/${tid}/scopes`, scopeBody(wid));
  const service = await api.post(`/api/admin/${tid}/services`, serviceBody(wid));
  for (const { status } of [user, client, idp, schema, group, claim, scope, service])
    expect(status).toBe(201);
  const member = `/api/identity/${tid}/admin/pools/${ipID}/groups/${group.body.id}/users/${user.body.id}`;
  expect((await api.put(member, undefined)).status).toBe(204);
  const groupID = group.body.id as string;
  const things = { groupID, userID: user.body.id, schID: schema.body.id, cid: client.body.client_id };
  return {
    tid,
    wid,
    ipID,
    ...things,
    iid: idp.body.id,
    claim: claim.body.id,
    scp: scope.body.id,
    sid: service.body.id,
  };
}

const clientBody = (wid: string) => ({
  authorization_server_id: wid,
  redirect_uris: ['https://app.example/cb'],
});

const claimBody = (wid: string) => ({
  authorization_server_id: wid,
  name: 'dept',
  type: 'id_token',
  source_path: 'dept',
});

const scopeBody = (wid: string) => ({ authorization_server_id: wid, name: 'parcels.read' });

const serviceBody = (wid: string) => ({
  authorization_server_id: wid,
  name: 'Parcels',
  custom_audience: 'https://parcels.example',
});

const schemaBody = (name: string) => ({ name, schema: { type: 'object' } });

/** A body that the operation would take in the given world. */
function bodyFor({ operationId }: Route, { wid, ipID, userID, cid }: World): object | undefined {
  const bodies: Readonly<Record<string, object>> = {
    CreateTenant: { id: 'never-made' },
    UpdateTenant: { name: 'x' },
    updateAdminTenant: { name: 'x' },
    createAuthorizationServer: {},
    updateAuthorizationServer: {},
    updateWorkspaceMetadata: { payload: {} },
    updateServerStyling: {},
    updatePoolStyling: {},
    upsertTranslation: { content: {} },
    upsertMessageTemplate: { text: '{{OTP.Code}}' },
    previewMessageTemplate: {},
    createMFAMethod: { mechanism: 'email', enabled: false },
    updateMFAMethod: { mechanism: 'email', enabled: false },
    testMFAMethod: { address: 'never@example.com' },
    createClient: clientBody(wid),
    updateClient: clientBody(wid),
    createIdentityPoolIDP: { identity_pool_id: ipID },
    updateIdentityPoolIDP: {},
    createScope: scopeBody(wid),
    updateScope: scopeBody(wid),
    createService: serviceBody(wid),
    updateService: serviceBody(wid),
    createClaim: claimBody(wid),
    updateClaim: claimBody(wid),
    previewClaims: { client_id: cid, user_pool_id: ipID, user_id: userID, scopes: ['openid'] },
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
    ...Object.fromEntries(
      ['grantWorkspaceRole', 'revokeWorkspaceRole', 'revokeWorkspaceRoleByPost'].map((name) => [
        name,
        { type: 'identity_pool_user', identity_pool_id: ipID, identity_pool_user_id: userID, role: 'member' },
      ]),
    ),
    ...Object.fromEntries(
      ['grantIdentityPoolRole', 'revokeIdentityPoolRole', 'revokeIdentityPoolRoleByPost'].map((name) => [
        name,
        {
          type: 'identity_pool_user',
          identity_pool_id: ipID,
          identity_pool_user_id: userID,
          role: 'user_manager',
        },
      ]),
    ),
    revokeTokensByPool: { users: [userID] },
    revokeTokens: { subjects: [userID] },
    systemRevokeTokens: { subjects: [userID] },
    setAutomaticKeyRotation: { enabled: false, cron: '' },
    setBruteForceLimit: { protected_type: 'mfa', max_attempts: 0, block_duration: '0s' },
    CreateGroup: { name: 'Never made' },
    UpdateGroup: { name: 'Never renamed' },
    SetPasswordState: { state: 'must_be_reset' },
    CreatePool: { name: 'Never made' },
    CreateWorkspacePool: { name: 'Never made' },
    UpdatePool: { name: 'Never renamed' },
    CreateSchema: schemaBody('Never made'),
    UpdateSchema: schemaBody('Never renamed'),
    CreateUser: { status: 'new' },
    UpdateUser: { metadata: { touched: true } },
    CreateB2BUser: { status: 'new' },
    UpdateB2BUser: { status: 'inactive' },
    SetUserMetadata: { metadata: { touched: true } },
    SetUserBusinessMetadata: { metadata: { touched: true } },
    AddUserIdentifier: { identifier: 'never@example.com', type: 'email' },
    DeleteUserIdentifier: { identifier: 'never@example.com' },
    AddUserVerifiableAddress: { address: 'never@example.com', type: 'email', verified: true },
    UpdateUserVerifiableAddress: { address: 'never@example.com', status: 'active', verified: true },
    DeleteUserVerifiableAddress: { address: 'never@example.com' },
    RequestOTPChallenge: { address: 'never@example.com' },
    VerifyOTP: { code: '123456' },
    RequestAddressVerification: { address: 'never@example.com' },
    SendActivationMessage: {},
    RequestResetPassword: { address: 'never@example.com' },
  };
  // The system API's operations carry its name.
  return bodies[operationId] ?? bodies[operationId.replace(/^System/, '')];
}

const parametersOf = (route: Route): (keyof World)[] =>
  [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as keyof World);

async function call(
  route: Route,
  params: World,
  body: object | undefined,
  token?: string,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: keyof World) => params[name] ?? 'ghost');
  const response = await fetch(server.url + path, {
    method: route.method.toUpperCase(),
    headers: {
      ...headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(route.stream === undefined ? {} : { 'content-type': route.stream[0] }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(route.stream === undefined ? {} : { body: '{}\n' }),
  });
  const answer = await answerOf(response);
  expectDeclared(route.method, path, answer);
  return answer;
}

const TABLES = [
  'tenants',
  'workspaces',
  'pools',
  'users',
  'identifiers',
  'verifiable_addresses',
  'clients',
  'connections',
  'claims',
  'role_grants',
  'schemas',
  'groups',
  'group_members',
  'attempt_limits',
  'key_rotations',
  'credentials',
  'codes',
  'outbox',
  'pool_user_counts',
  'user_ids',
  'audit_events',
  'signing_keys',
];

/** Everything stored of the tenants, in one value. */
async function fingerprint(): Promise<string> {
  const digests = TABLES.map(
    (table) => `(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${table} t)`,
  );
  const { rows } = await server.db.knex.raw(
    `SELECT jsonb_build_array(${digests.join(', ')})::text AS stored`,
  );
  return rows[0].stored as string;
}

let stored: string | undefined;

/** Runs what must write nothing. What one such run left behind is what the next one finds. */
async function withoutWriting(run: () => Promise<void>): Promise<void> {
  const before = stored ?? (await fingerprint());
  await run();
  stored = await fingerprint();
  expect(stored).toBe(before);
}

const titled = (routes: readonly Route[]) =>
  routes.map((route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const);
const guarded = apiRoutes.filter((route) => route.requires.token !== 'none');
const byRole = apiRoutes.filter(({ requires }) => ['tenant', 'installation'].includes(requires.token));
const byScope = apiRoutes.filter((route) => route.requires.token === 'system');
const ofTenants = apiRoutes.filter((route) => route.requires.token === 'tenant');

const withoutCorrelation = ({ body }: ApiAnswer) => ({ ...body, correlation_id: undefined });

describe.each(titled(guarded))('%s', (_, route) => {
  it('asks for a token', async () => {
    const answer = await call(route, mine, bodyFor(route, mine));
    expect(answer).toMatchObject({ status: 401, body: { status_code: 401 } });
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="weir"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });
});

describe.each(titled(byRole))('%s', (_, route) => {
  it('refuses a caller without a role, whether or not the thing exists', async () => {
    const token = nobody.get(route.requires.token === 'installation' ? SYSTEM_TENANT : 'mine');
    const ghost = inGhostWorld();
    const [real, absent] = [
      await call(route, mine, bodyFor(route, mine), token),
      await call(route, ghost, bodyFor(route, ghost), token),
    ];
    expect(real).toMatchObject({ status: 403, body: { status_code: 403, error_code: 'permission_missing' } });
    expect(withoutCorrelation(absent)).toEqual(withoutCorrelation(real));
  });
});

const inGhostWorld = (): World =>
  Object.fromEntries(Object.keys(mine).map((name) => [name, name === 'tid' ? mine.tid : 'ghost'])) as World;

describe.each(titled(byScope))('%s', (_, route) => {
  it('refuses a token without the scope, or of another workspace, whether or not the thing exists', async () => {
    const answers = async (token: string | undefined) => [
      await call(route, mine, bodyFor(route, mine), token),
      await call(route, inGhostWorld(), bodyFor(route, mine), token),
    ];
    const [real, absent] = await answers(backends.get(''));
    expect(real).toMatchObject({ status: 403, body: { error_code: 'insufficient_scope' } });
    expect(absent && withoutCorrelation(absent)).toEqual(real && withoutCorrelation(real));
    for (const answer of await answers(await server.token('mine')))
      expect(answer).toMatchObject({ status: 401 });
  });
});

describe.each(titled(ofTenants))('%s (T-501)', (_, route) => {
  it('cannot tell a token of another tenant from one for a tenant that is not there', async () => {
    const token = await server.token('foreign');
    await withoutWriting(async () => {
      const other = await call(route, mine, bodyFor(route, mine), token);
      const ghost = await call(route, { ...mine, tid: 'ghost' }, bodyFor(route, mine), token);
      expect(other).toMatchObject({ status: 401, body: { status_code: 401 } });
      expect(withoutCorrelation(ghost)).toEqual(withoutCorrelation(other));
    });
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
    // A thing of the same tenant is out of place only where the path names its parent too. Schemas are of the
    // tenant, and every workspace sees all of them.
    if (names.length > 1 && !names.includes('schID'))
      cases.push([`misplaced ${name}`, () => ({ ...mine, [name]: aside[name] })]);
    return cases;
  });
}

// What the system API shares with the admin API refuses in the same way. Its own operations, those with codes,
// answer all of it with one answer, which their tests look at.
const ALIKE_FOR_ALL = ['SelfSendActivationMessage', 'SystemRequestAddressVerification'];
const shared = byScope.filter(
  (route) =>
    !ALIKE_FOR_ALL.includes(route.operationId) &&
    ofTenants.some(
      ({ method, path }) => method === route.method && path === route.path.replace('/system/', '/admin/'),
    ),
);
const nested = [...ofTenants, ...shared]
  .flatMap((route) => mixtures(route).map(([mixture, params]) => [route, mixture, params] as const))
  .map(([route, mixture, params]) => [`${route.operationId}, ${mixture}`, route, params] as const);

// What sends a message, or proves something by a code, is based on no version.
const MESSAGES = ['RequestOTPChallenge', 'VerifyOTP', 'RequestAddressVerification', 'SendActivationMessage'];
const versioned = [...ofTenants, ...shared].filter(
  (route) =>
    route.method !== 'get' &&
    route.refuses.includes(412) &&
    !MESSAGES.includes(route.operationId) &&
    parametersOf(route).every((name) => THINGS.includes(name)),
);

describe('a change that is based on an old version', () => {
  it.each(titled(versioned))('%s: 412 and nothing written', async (_, route) => {
    const { requires } = route;
    const token =
      requires.token === 'system' ? backends.get(requires.scopes[0] ?? '') : await server.token('mine');
    await withoutWriting(async () => {
      const answer = await call(route, mine, bodyFor(route, mine), token, { 'if-match': '"999999"' });
      expect(answer).toMatchObject({ status: 412, body: { status_code: 412 } });
    });
  });
});

describe('ids that do not belong together (T-502, T-503)', () => {
  it.each(nested)('%s: 404 and nothing written', async (_, route, params) => {
    const { requires } = route;
    const token =
      requires.token === 'system' ? backends.get(requires.scopes[0] ?? '') : await server.token('mine');
    await withoutWriting(async () => {
      const answer = await call(route, params(), bodyFor(route, mine), token);
      expect(answer).toMatchObject({ status: 404, body: { status_code: 404 } });
    });
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
