import { decodeJwt } from 'jose';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VALUE_TYPES } from '../../src/claims/value_type.ts';
import { type ApiClient, type ApiServer, startApiServer } from '../support/api_server.ts';
import { relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { watchStatements } from '../support/statements.ts';

const api = 'https://orders.example.test';
const scope = { tenantId: 'default', workspaceId: 'demo' };
const poolScope = { tenantId: 'default', poolId: 'crew' };
const password = 'quiet otter crosses river';

/** What each issuance says of itself, and no preview can know. */
const OF_ONE_ISSUANCE = new Set(
  'iss aud exp iat nonce auth_time acr amr at_hash sid jti client_id scope active token_type'.split(' '),
);
const lasting = (claims: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !OF_ONE_ISSUANCE.has(name)));

type Person = { readonly id: string; readonly identifier: string; readonly app: RelyingParty };
type Preview = Record<
  'id_token' | 'access_token' | 'introspection' | 'userinfo',
  { claims: Record<string, unknown>; rules: Record<string, Record<string, unknown>> }
>;

describe('attributes, mappings and claims', () => {
  let server: ApiServer;
  let admin: ApiClient;
  let people: Person[];
  let clientId: string;
  let connectionId: string;
  let groupId: string;

  const claimsOf = '/api/admin/default/servers/demo/claims';
  const connectionPath = () => `/api/admin/default/servers/demo/idps/identity_pool/${connectionId}`;
  const map = (...mappings: object[]) => admin.put(connectionPath(), { identity_pool_id: 'crew', mappings });
  const claim = (settings: object) =>
    admin.post('/api/admin/default/claims', {
      authorization_server_id: 'demo',
      type: 'id_token',
      ...settings,
    });
  const preview = async ({ id }: Person, scopes: readonly string[]): Promise<Preview> => {
    const answer = await admin.post(`${claimsOf}/preview`, {
      client_id: clientId,
      user_pool_id: 'crew',
      user_id: id,
      scopes,
    });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return answer.body as Preview;
  };

  /** Everything that is really said of somebody who is signed in already, for an API and for userinfo. */
  const really = async ({ app }: Person, scopes: readonly string[]) => {
    const flow = await app.begin({ scope: scopes.join(' '), resource: api });
    const code = flow.page.stoppedAt;
    if (code === undefined) throw new Error(`not sent back: ${flow.page.body.slice(0, 500)}`);
    const got = await client.authorizationCodeGrant(
      app.config,
      code,
      { pkceCodeVerifier: flow.verifier, expectedState: flow.state, expectedNonce: flow.nonce },
      { resource: api },
    );
    const opaque = await client.refreshTokenGrant(app.config, got.refresh_token ?? '');
    const idToken = got.claims() ?? { sub: '' };
    return {
      id_token: lasting(idToken),
      refreshed: lasting(opaque.claims() ?? {}),
      access_token: lasting(decodeJwt(got.access_token)),
      userinfo: { ...(await client.fetchUserInfo(app.config, opaque.access_token, idToken.sub)) },
      introspection: lasting(await client.tokenIntrospection(app.config, opaque.access_token)),
    };
  };

  const clearClaims = async () => {
    const { body } = await admin.get(claimsOf);
    for (const { id } of body.claims as { id: string }[]) {
      expect((await admin.delete(`/api/admin/default/claims/${id}`)).status).toBe(204);
    }
  };
  const clear = async () => {
    await clearClaims();
    expect((await map()).status).toBe(200);
  };

  beforeAll(async () => {
    server = await startApiServer();
    admin = server.api('default');
    const { domain } = server;
    const pool = {
      id: 'crew',
      name: 'Crew',
      payloadSchemaId: 'metadata_v0',
      businessMetadataSchemaId: 'metadata_v0',
    };
    await domain.pools.create({ tenantId: 'default' }, pool, SYSTEM_ACTOR);
    const connection = await domain.connections.create(scope, { poolId: 'crew' }, SYSTEM_ACTOR);
    connectionId = connection.id;
    const group = await admin.post('/api/identity/default/admin/pools/crew/groups', { name: 'deck' });
    groupId = group.body.id as string;
    const data = [
      { payload: { name: 'Ada', given_name: 'Ada', department: 'books', level: 3, tags: ['a', 'b'] } },
      {
        payload: { name: 'Bo', on_call: false, home: { city: 'Oslo', zip: 7 } },
        metadata: { cost_centre: 'C-9', flags: [true, false] },
      },
      { payload: { department: ['x', 1] }, businessMetadata: { contract: { kind: 'gold' } }, email: true },
    ];
    people = [];
    for (const [index, { email, ...entry }] of data.entries()) {
      const identifier = `p${index}@crew.test`;
      const { id } = await domain.users.create(
        poolScope,
        {
          status: 'active',
          ...entry,
          identifiers: [
            { type: 'email', identifier },
            { type: 'uid', identifier: `crew-${index}` },
          ],
          addresses: email ? [{ type: 'email', address: identifier, verified: true, status: 'active' }] : [],
          password: { password, mustBeChanged: false, mustBeReset: false },
        },
        SYSTEM_ACTOR,
      );
      const app: RelyingParty =
        index === 0
          ? await relyingParty(
              { publicUrl: server.url, elsewhere: domain },
              {
                clientId: 'shop',
                scopes: ['openid', 'profile', 'email', 'phone', 'groups', 'offline_access', 'orders'],
                audience: [api],
              },
            )
          : await RelyingParty.discover(person(0).app.options);
      await app.signIn({ identifier, password }, { idp_hint: connectionId });
      people.push({ id, identifier, app });
    }
    clientId = 'shop';
    await domain.groupMembers.add({ ...poolScope, groupId, userId: person(0).id }, SYSTEM_ACTOR);
  });
  afterAll(() => server.stop());

  const person = (index: number) => people[index] as Person;

  /** A client of the `admin` workspace with one role. */
  const holder = async (level: 'workspace' | 'identity_pool' | 'tenant', at: string, role: never) => {
    const made = await server.domain.clients.create(
      { tenantId: 'default', workspaceId: 'admin' },
      { grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    const held = {
      resourceType: level,
      resourceId: at,
      role,
      subjectType: 'client',
      subjectId: made.id,
    } as const;
    await server.domain.roles.grant({ tenantId: 'default' }, held, SYSTEM_ACTOR);
    return server.api('default', { clientId: made.id, clientSecret: made.clientSecret ?? '' });
  };

  it('say what they always did where there are no rules', async () => {
    const scopes = ['openid', 'profile', 'email', 'groups', 'phone'];
    const { id_token: idToken, access_token: accessToken, userinfo } = await really(person(0), scopes);
    expect(idToken).toEqual({
      sub: person(0).id,
      tid: 'default',
      aid: 'demo',
      idp: connectionId,
      idp_method: 'identity_pool',
      name: 'Ada',
      given_name: 'Ada',
      groups: ['deck'],
      updated_at: expect.any(Number) as number,
    });
    expect(userinfo).toEqual(idToken);
    expect(accessToken).toEqual({
      sub: person(0).id,
      tenant_id: 'default',
      server_id: 'demo',
      sub_type: 'user',
    });
    expect((await really(person(2), scopes)).userinfo).toMatchObject({
      email: 'p2@crew.test',
      email_verified: true,
    });
    const { body } = await admin.get(connectionPath());
    expect(body.mappings).toHaveLength(8);
  });

  it('say what the rules make of a person, each in its place', async () => {
    await map(
      { source: 'payload.name', target: 'name', type: 'string' },
      { source: 'metadata', target: 'noted', type: 'object' },
      { source: 'payload.home.city', target: 'place.city', type: 'string' },
      { mode: 'static', target: 'place.planet', type: 'string', static: 'Earth' },
      { source: 'group_ids', target: 'teams', type: 'string_array' },
      { source: 'identifiers', target: 'names', type: 'string_array' },
      { source: 'payload.department', target: 'department', type: 'string' },
    );
    const made = [
      { name: 'cost_centre', source_path: 'noted.cost_centre', scopes: ['orders', 'email'] },
      { name: 'https://crew.test/place', source_path: 'place' },
      { name: 'logins', source_path: 'names', opaque: true },
      { name: 'family_name', source_path: 'department', scopes: ['profile'] },
      { name: 'teams', source_path: 'teams', type: 'access_token' },
      { name: 'logins', source_path: 'names', type: 'access_token', opaque: true },
      { name: 'department', source_path: 'department', type: 'access_token', scopes: ['orders'] },
    ];
    for (const settings of made) expect((await claim(settings)).status).toBe(201);

    const bo = await really(person(1), ['openid', 'profile', 'orders']);
    const place = { city: 'Oslo', planet: 'Earth' };
    expect(bo.id_token).toMatchObject({ name: 'Bo', cost_centre: 'C-9', 'https://crew.test/place': place });
    expect(bo.id_token).not.toHaveProperty('logins');
    expect(bo.userinfo).toMatchObject({
      logins: ['p1@crew.test', 'crew-1'],
      'https://crew.test/place': place,
    });
    expect(bo.userinfo).not.toHaveProperty('cost_centre');
    expect(bo.refreshed).toEqual(bo.id_token);
    expect(bo.access_token).toMatchObject({ teams: [] });
    expect(bo.access_token).not.toHaveProperty('logins');
    expect(bo.introspection).toMatchObject({ teams: [], logins: ['p1@crew.test', 'crew-1'] });

    const ada = await really(person(0), ['openid', 'profile', 'orders']);
    expect(ada.id_token).toMatchObject({
      family_name: 'books',
      'https://crew.test/place': { planet: 'Earth' },
    });
    expect(ada.id_token).not.toHaveProperty('cost_centre');
    // The connection has no mapping for these any more.
    expect(ada.id_token).not.toHaveProperty('given_name');
    expect(ada.access_token).toMatchObject({ teams: [groupId], department: 'books' });
    // Of another type than the mapping says.
    expect((await really(person(2), ['openid', 'orders'])).access_token).not.toHaveProperty('department');

    const { id_token: idToken } = await preview(person(1), ['openid', 'profile', 'orders']);
    expect(idToken.rules.cost_centre).toEqual({
      rule: 'claim',
      claim_id: expect.any(String) as string,
      source_path: 'noted.cost_centre',
      mapping: { mode: 'dynamic', source: 'metadata', target: 'noted', type: 'object' },
    });
    expect(idToken.rules.name).toMatchObject({ rule: 'standard', scope: 'profile' });
    await clear();
  });

  it('leave out what is not what the workspace declares', async () => {
    const path = '/api/admin/default/servers/demo';
    const { body } = await admin.get(path);
    const attributes = [{ name: 'level', type: 'string', description: 'Rank', labels: ['hr'] }];
    const put = (changed: object) => admin.put(path, { ...body, ...changed });
    expect((await put({ authentication_context_settings: { attributes } })).body).toMatchObject({
      authentication_context_settings: { attributes },
    });
    await map({ source: 'payload.level', target: 'level', type: 'any' });
    await claim({ name: 'level', source_path: 'level' });
    expect((await really(person(0), ['openid'])).id_token).not.toHaveProperty('level');
    expect(await put({ authentication_context_settings: { attributes: [] } })).toMatchObject({ status: 200 });
    expect((await really(person(0), ['openid'])).id_token).toHaveProperty('level', 3);
    const twice = await put({
      authentication_context_settings: { attributes: [attributes[0], attributes[0]] },
    });
    expect(twice.body.details[0].pointer).toBe('/authentication_context_settings/attributes/1/name');
    await clear();
  });

  it.each([
    ['/mappings/0/source', [{ source: 'shoe_size', target: 'a', type: 'any' }]],
    ['/mappings/0/source', [{ source: 'payload.__proto__.x', target: 'a', type: 'any' }]],
    ['/mappings/0/source', [{ source: '', target: 'a', type: 'any' }]],
    ['/mappings/0/source', [{ source: 'email.x', target: 'a', type: 'any' }]],
    ['/mappings/0/target', [{ source: 'email', target: 'a.constructor', type: 'any' }]],
    ['/mappings/0/target', [{ source: 'email', target: 'a..b', type: 'any' }]],
    ['/mappings/0/type', [{ source: 'email_verified', target: 'a', type: 'number' }]],
    ['/mappings/0/type', [{ source: 'email', target: '.', type: 'string' }]],
    ['/mappings/0/static', [{ source: 'email', target: 'a', type: 'string', static: 'x' }]],
    ['/mappings/0/static', [{ mode: 'static', target: 'a', type: 'number', static: 'x' }]],
    ['/mappings/0/static', [{ mode: 'static', target: 'a', type: 'any' }]],
    ['/mappings/0/source', [{ mode: 'static', source: 'email', target: 'a', type: 'any', static: 1 }]],
    ...['b', 'b.c'].map((target): [string, object[]] => [
      '/mappings/1/target',
      [
        { source: 'email', target: 'b', type: 'string' },
        { source: 'sub', target, type: 'string' },
      ],
    ]),
  ])('refuse a mapping: %s %j', async (pointer, mappings) => {
    const answer = await map(...mappings);
    expect(answer.status).toBe(422);
    expect((answer.body.details as { pointer: string }[]).map((issue) => issue.pointer)).toContain(pointer);
  });

  it('never speak in the name of the protocol', async () => {
    const names = 'iss sub aud exp iat nonce auth_time acr amr azp at_hash sid jti client_id scope cnf act';
    const ours =
      'tid aid idp idp_method tenant_id server_id sub_type active updated_at __proto__ constructor';
    for (const name of `${names} ${ours}`.split(' ')) {
      for (const type of ['id_token', 'access_token']) {
        const answer = await claim({ name, type, source_path: 'email' });
        expect([name, answer.status, answer.body.details?.[0].pointer]).toEqual([name, 422, '/name']);
      }
    }
    expect((await claim({ name: 'x', source_path: 'a.__proto__' })).status).toBe(422);
    expect((await claim({ name: 'x', source_path: 'a', mapping: 'b' })).status).toBe(422);
    expect((await claim({ name: 'x' })).body.details[0].pointer).toBe('/source_path');
    expect((await claim({ name: 'x', source_path: 'a', type: 'saml_assertion' })).status).toBe(422);
  });

  it('are created, listed, changed and deleted', async () => {
    const created = await claim({ id: 'dept', name: 'dept', mapping: 'department', description: 'Where' });
    expect(created).toMatchObject({
      status: 201,
      body: { source_path: 'department', scopes: [], opaque: false },
    });
    expect((await claim({ id: 'dept', name: 'other', source_path: 'a' })).body.error_code).toBe('id_taken');
    expect((await claim({ name: 'dept', source_path: 'a' })).body.error_code).toBe('name_taken');
    expect((await claim({ name: 'dept', source_path: 'a', authorization_server_id: 'none' })).status).toBe(
      404,
    );
    const path = '/api/admin/default/claims/dept';
    const change = { name: 'dept', type: 'id_token', source_path: 'unit', scopes: ['profile'] };
    const changed = await admin.put(path, change, { 'if-match': created.etag });
    expect(changed).toMatchObject({ status: 200, body: { source_path: 'unit', description: '' } });
    expect(changed.etag).not.toBe(created.etag);
    expect((await admin.put(path, change, { 'if-match': created.etag })).status).toBe(412);
    expect((await admin.delete(path, { 'if-match': created.etag })).status).toBe(412);
    expect((await admin.put(path, { ...change, authorization_server_id: 'admin' })).status).toBe(422);
    expect((await admin.get(claimsOf)).body.claims).toEqual([changed.body]);

    await server.createTenant('elsewhere');
    const foreign = server.api('elsewhere');
    expect((await foreign.put('/api/admin/elsewhere/claims/dept', change)).status).toBe(404);
    expect((await foreign.delete('/api/admin/elsewhere/claims/dept')).status).toBe(404);

    expect((await admin.delete(path)).status).toBe(204);
    expect((await admin.delete(path)).status).toBe(404);
    const { body } = await admin.get(
      '/api/admin/default/servers/demo/audit-events?event_subject=claim&limit=3',
    );
    expect((body.audit_events as { action: string }[]).map(({ action }) => action)).toEqual(
      expect.arrayContaining(['created', 'updated', 'deleted']),
    );
  });

  it('are for those who care for the workspace, a preview for those who may see the person', async () => {
    const manager = await holder('workspace', 'demo', 'manager' as never);
    const auditor = await holder('workspace', 'demo', 'auditor' as never);
    const keeper = await holder('identity_pool', 'crew', 'user_manager' as never);
    const tenantAuditor = await holder('tenant', '', 'auditor' as never);
    const settings = {
      authorization_server_id: 'demo',
      name: 'p',
      type: 'id_token',
      source_path: 'p',
      id: 'p',
    };
    const attempt = async (as: ApiClient) => {
      const asked = { client_id: clientId, user_pool_id: 'crew', user_id: person(0).id, scopes: ['openid'] };
      return [
        (await as.get(claimsOf)).status,
        (await as.post('/api/admin/default/claims', settings)).status,
        (await as.delete('/api/admin/default/claims/p')).status,
        (await as.post(`${claimsOf}/preview`, asked)).status,
      ];
    };
    expect(await attempt(manager)).toEqual([200, 201, 204, 403]);
    expect(await attempt(auditor)).toEqual([200, 403, 403, 403]);
    expect(await attempt(keeper)).toEqual([403, 403, 403, 403]);
    expect(await attempt(tenantAuditor)).toEqual([200, 403, 403, 200]);
    const body = {
      identity_pool_id: 'crew',
      mappings: [{ source: 'metadata.cost_centre', target: 'c', type: 'any' }],
    };
    // The pool is the tenant's: what is noted about its people is not the workspace's to give away.
    expect((await manager.put(connectionPath(), body)).status).toBe(403);
    expect((await manager.put(connectionPath(), { ...body, mappings: [] })).status).toBe(200);
    expect(
      (await manager.post('/api/admin/default/claims', { ...settings, authorization_server_id: 'admin' }))
        .status,
    ).toBe(403);
  });

  it('are previewed for an active person, a client and scopes that can meet', async () => {
    const asked = { client_id: clientId, user_pool_id: 'crew', user_id: person(0).id, scopes: ['openid'] };
    const refused = async (change: object) => {
      const answer = await admin.post(`${claimsOf}/preview`, { ...asked, ...change });
      return [answer.status, answer.body.details?.[0].pointer];
    };
    expect(await refused({ client_id: 'nobody' })).toEqual([422, '/client_id']);
    expect(await refused({ user_id: 'nobody' })).toEqual([422, '/user_id']);
    expect(await refused({ scopes: ['openid', 'fly'] })).toEqual([422, '/scopes/1']);
    expect(await refused({ user_pool_id: 'admins', user_id: 'x' })).toEqual([422, '/user_pool_id']);
    expect((await preview(person(0), ['profile'])).id_token).toEqual({ claims: {}, rules: {} });
  });

  it('cost no statement more, metadata included', async () => {
    await map({ source: 'metadata.cost_centre', target: 'cc', type: 'string' });
    await claim({ name: 'cc', source_path: 'cc' });
    const { app, identifier } = person(1);
    await app.signIn({ identifier, password });
    const log = watchStatements();
    const count = <T>(work: () => Promise<T>) => log.during(work);
    const party = await RelyingParty.discover(app.options);
    const signedIn = await count(() => party.signIn({ identifier, password }, { idp_hint: connectionId }));
    const { tokens, claims } = signedIn.result;
    expect(claims.cc).toBe('C-9');
    const userinfo = await count(() =>
      client.fetchUserInfo(app.config, tokens.access_token, claims.sub as string),
    );
    expect(userinfo.result.cc).toBe('C-9');
    const introspection = await count(() => client.tokenIntrospection(app.config, tokens.access_token));
    log.stop();
    expect(signedIn.statements).toHaveLength(12);
    expect([userinfo.statements.length, introspection.statements.length]).toEqual([1, 1]);
    await clear();
  });

  it('are repeated by a refresh, or made anew, as the connection says', async () => {
    const path = '/api/admin/default/servers/demo';
    const workspace = (await admin.get(path)).body as object;
    const rotate = (on: boolean) => admin.put(path, { ...workspace, rotate_confidential_refresh_tokens: on });
    expect((await rotate(true)).status).toBe(200);
    const reload = async (on: boolean) => {
      const config = { reload_claims_at_refresh_token: on };
      expect((await admin.put(connectionPath(), { config })).body.config).toEqual(config);
    };
    const rename = async (name: string) => {
      const user = `/api/identity/default/admin/pools/crew/users/${person(2).id}`;
      expect((await admin.put(user, { payload: { name } })).status).toBe(200);
    };
    const { app, identifier } = person(2);
    await rename('Before');
    await reload(false);
    await claim({ name: 'called', type: 'access_token', source_path: 'name' });
    let { tokens } = await app.signIn({ identifier, password });
    await rename('After');
    const refreshed = async () => {
      tokens = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
      const said = await client.tokenIntrospection(app.config, tokens.access_token);
      return [tokens.claims()?.name, said.called];
    };
    expect([await refreshed(), await refreshed()]).toEqual([
      ['Before', 'Before'],
      ['Before', 'Before'],
    ]);
    const { sub = '' } = tokens.claims() ?? {};
    expect((await client.fetchUserInfo(app.config, tokens.access_token, sub)).name).toBe('After');
    await reload(true);
    expect(await refreshed()).toEqual(['After', 'After']);
    await rotate(false);
    await clear();
  });

  it('are in force within two seconds where another process changed them', async () => {
    const supported = async () => {
      const discovery = await fetch(`${server.issuer}/.well-known/openid-configuration`);
      return ((await discovery.json()) as { claims_supported: string[] }).claims_supported;
    };
    expect(await supported()).not.toContain('spread');
    const settings = { name: 'spread', type: 'id_token', sourcePath: 'a' } as const;
    await server.domain.claims.create(scope, settings, SYSTEM_ACTOR);
    await expect.poll(supported, { timeout: 2_000, interval: 25 }).toContain('spread');
    await clear();
  });

  it('are previewed as they are issued, whatever the mappings, the claims, the person and the scopes', async () => {
    const sources: [string, (typeof VALUE_TYPES)[number]][] = [
      ...(['sub', 'user_pool_id', 'identifier', 'email'] as const).map((name): [string, 'string'] => [
        name,
        'string',
      ]),
      ...(['identifiers', 'groups', 'group_ids', 'amr'] as const).map((name): [string, 'string_array'] => [
        name,
        'string_array',
      ]),
      ['email_verified', 'bool'],
      ...['payload', 'metadata', 'business_metadata', '.'].map((name): [string, 'object'] => [
        name,
        'object',
      ]),
      ...'payload.name payload.department payload.level payload.tags payload.home payload.home.zip payload.on_call metadata.flags metadata.cost_centre business_metadata.contract.kind'
        .split(' ')
        .flatMap((name) => VALUE_TYPES.map((type): [string, typeof type] => [name, type])),
    ];
    const targets = ['t0', 't1', 't2.a', 't2.b', 'name', 'email', 'groups', '.'] as const;
    const mapping = fc.oneof(
      fc
        .record({ from: fc.constantFrom(...sources), any: fc.boolean() })
        .map(({ from: [source, type], any }) => ({
          source,
          type: any ? ('any' as const) : type,
        })),
      fc.record({
        mode: fc.constant('static'),
        type: fc.constant('any' as const),
        static: fc.oneof(fc.string(), fc.integer(), fc.dictionary(fc.string(), fc.boolean())),
      }),
    );
    const mappings = fc
      .uniqueArray(fc.record({ target: fc.constantFrom(...targets), mapping }), {
        selector: ({ target }) => target,
        minLength: 1,
        maxLength: 6,
      })
      .map((list) =>
        list.map(({ target, mapping: one }) => ({
          ...one,
          target,
          type: target === '.' ? ('any' as const) : one.type,
        })),
      );
    const claims = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('t0', 'name', 'email', 'everything', 'https://crew.test/x', 'payload'),
        type: fc.constantFrom('id_token', 'access_token'),
        source_path: fc.constantFrom(
          '.',
          't0',
          't1',
          't1.kind',
          't2',
          't2.a',
          'name',
          'payload',
          'groups',
          'home.city',
        ),
        scopes: fc.subarray(['profile', 'email', 'orders', 'groups', 'elsewhere']),
        opaque: fc.boolean(),
      }),
      { selector: ({ name, type }) => `${type} ${name}`, maxLength: 5 },
    );
    const scopes = fc.subarray(['profile', 'email', 'groups', 'orders']).map((list) => ['openid', ...list]);
    await fc.assert(
      fc.asyncProperty(mappings, claims, fc.nat(2), scopes, async (mapped, claimed, index, asked) => {
        await clearClaims();
        expect((await map(...mapped)).status).toBe(200);
        await Promise.all(claimed.map(async (one) => expect((await claim(one)).status).toBe(201)));
        const real = await really(person(index), asked);
        const said = await preview(person(index), asked);
        for (const place of ['id_token', 'userinfo', 'access_token', 'introspection'] as const) {
          expect(said[place].claims, place).toEqual(real[place]);
          expect(Object.keys(said[place].rules).sort(), place).toEqual(Object.keys(real[place]).sort());
        }
        expect(real.refreshed).toEqual(real.id_token);
      }),
      { numRuns: 20, endOnFailure: true },
    );
    await clear();
  });
});
