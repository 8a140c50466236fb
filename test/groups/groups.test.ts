import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import {
  answerOf,
  type ApiClient,
  expectDeclared,
  startApiServer,
  statuses,
  type ApiServer,
} from '../support/api_server.ts';
import { explainList } from '../support/explain.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { watchStatements } from '../support/statements.ts';

let server: ApiServer;
let api: ApiClient;
const POOL = '/api/identity/tree/admin/pools/staff';
const GROUPS = `${POOL}/groups`;
const CALLBACK = 'https://app.example.test/cb';
const SECRET = 'a client secret of the group tests 01';
const PASSWORD = 'six young foxes cross slowly';
const scope = { tenantId: 'tree', poolId: 'staff' };

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('tree');
  api = server.api('tree');
  for (const id of ['staff', 'other']) {
    await api.post('/api/identity/tree/admin/pools', { id, name: `Pool ${id}` });
  }
  for (const id of ['ann', 'bob', 'cid', 'dan']) await addUser('staff', id);
  await addUser('other', 'zoe');
});
afterAll(() => server.stop());

const addUser = (poolId: string, id: string) =>
  server.domain.users.create(
    { tenantId: 'tree', poolId },
    {
      id,
      status: 'active',
      payload: person(id),
      identifiers: [{ type: 'email', identifier: `${id}@e.test` }],
    },
    SYSTEM_ACTOR,
  );

/** A group, by name, below another; gives its id. */
async function group(name: string, parentId?: string): Promise<string> {
  const { status, body } = await api.post(GROUPS, { name, ...(parentId ? { parent_id: parentId } : {}) });
  expect(status).toBe(201);
  return body.id as string;
}

describe('a group', () => {
  it('is created, read, changed and deleted, with its version as the ETag', async () => {
    const created = await api.post(GROUPS, { id: 'g1', name: '  Sales ', description: 'They sell' });
    expect(created).toMatchObject({
      status: 201,
      etag: '"1"',
      body: { id: 'g1', tenant_id: 'tree', user_pool_id: 'staff', name: 'Sales', description: 'They sell' },
    });
    expect(created.body).not.toHaveProperty('parent_id');
    const changed = await api.put(
      `${GROUPS}/g1`,
      { ...created.body, name: 'Selling' },
      { 'If-Match': '"1"' },
    );
    expect(changed).toMatchObject({ status: 200, etag: '"2"', body: { name: 'Selling' } });
    expect(await api.get(`${GROUPS}/g1`)).toMatchObject({ status: 200, etag: '"2"', body: changed.body });
    const stale = { 'If-Match': '"1"' };
    expect(await api.put(`${GROUPS}/g1`, { name: 'Late' }, stale)).toMatchObject({ status: 412 });
    expect(await api.delete(`${GROUPS}/g1`, stale)).toMatchObject({ status: 412 });
    expect(await api.delete(`${GROUPS}/g1`, { 'If-Match': '"2"' })).toMatchObject({ status: 204 });
    expect(await api.get(`${GROUPS}/g1`)).toMatchObject({ status: 404 });
  });

  it('needs a name that no sibling has, in any case', async () => {
    const top = await group('Unique');
    const taken = { status: 409, body: { error_code: 'name_taken' } };
    expect(await api.post(GROUPS, { name: 'uniQUE' })).toMatchObject(taken);
    expect(await api.post(GROUPS, { name: 'Unique', parent_id: top })).toMatchObject({ status: 201 });
    const other = await group('Another');
    expect(await api.put(`${GROUPS}/${other}`, { name: 'UNIQUE' })).toMatchObject(taken);
    expect(await api.post(GROUPS, { id: other, name: 'Third' })).toMatchObject({
      status: 409,
      body: { error_code: 'id_taken' },
    });
    for (const name of ['', '   ', 'a\nb', 'x'.repeat(201), 7]) {
      expect(await api.post(GROUPS, { name })).toMatchObject({
        status: 422,
        body: { details: [{ pointer: '/name' }] },
      });
    }
  });

  it('has a parent of its own pool', async () => {
    const foreign = await api.post('/api/identity/tree/admin/pools/other/groups', { name: 'Foreign' });
    for (const parent of [foreign.body.id, 'ghost']) {
      expect(await api.post(GROUPS, { name: 'Lost', parent_id: parent })).toMatchObject({
        status: 422,
        body: { details: [{ pointer: '/parent_id' }] },
      });
    }
    const path = `${GROUPS}/${foreign.body.id}`;
    expect(await api.get(path)).toMatchObject({ status: 404 });
    expect(await api.put(path, { name: 'Taken over' })).toMatchObject({ status: 404 });
    expect(await api.delete(path)).toMatchObject({ status: 404 });
    expect(await api.get(`${GROUPS}?parent_id=${foreign.body.id}`)).toMatchObject({ status: 404 });
  });

  it('takes everything below it along when it goes, and leaves the people', async () => {
    const top = await group('Doomed');
    const below = await group('Doomed too', top);
    await api.put(`${GROUPS}/${below}/users/ann`, undefined);
    expect(await api.delete(`${GROUPS}/${top}`)).toMatchObject({ status: 204 });
    expect(await api.get(`${GROUPS}/${below}`)).toMatchObject({ status: 404 });
    expect(await api.get(`${POOL}/users/ann`)).toMatchObject({ status: 200 });
    const { rows } = await server.db.knex.raw(`SELECT FROM group_members WHERE group_id = ?`, [below]);
    expect(rows).toEqual([]);
  });
});

describe('the tree', () => {
  it('has ten levels and no cycles', async () => {
    const path: string[] = [];
    for (let level = 1; level <= 10; level += 1) path.push(await group(`Level ${level}`, path.at(-1)));
    const tooDeep = { status: 422, body: { error_code: 'group_too_deep' } };
    expect(await api.post(GROUPS, { name: 'Eleventh', parent_id: path[9] })).toMatchObject(tooDeep);

    const pair = await group('Pair');
    await group('Pair child', pair);
    const move = (id: string | undefined, parent: string | undefined) =>
      api.put(`${GROUPS}/${id}`, { name: `Moved ${id}`, parent_id: parent });
    expect(await move(pair, path[8])).toMatchObject(tooDeep);
    expect(await move(pair, path[7])).toMatchObject({ status: 200, body: { parent_id: path[7] } });
    const cycle = { status: 422, body: { error_code: 'group_cycle' } };
    expect(await move(path[0], pair)).toMatchObject(cycle);
    expect(await move(path[0], path[0])).toMatchObject(cycle);
    expect(await move(pair, '')).toMatchObject({ status: 200 });
    expect((await api.get(`${GROUPS}/${pair}`)).body).not.toHaveProperty('parent_id');
  });

  it('is listed by level, by parent and as a whole, page by page, in order of names', async () => {
    const base = `/api/identity/tree/admin/pools/listed`;
    await api.post('/api/identity/tree/admin/pools', { id: 'listed', name: 'Listed' });
    const make = async (name: string, parentId?: string) =>
      (await api.post(`${base}/groups`, { name, ...(parentId ? { parent_id: parentId } : {}) })).body
        .id as string;
    const b = await make('beta');
    await make('Alpha');
    await make('gamma');
    const bb = await make('Beta two', b);
    await make('beta one', b);
    await make('beta two alpha', bb);
    const list = async (query: string) => {
      const { status, body } = await api.get(`${base}/groups?${query}`);
      expect(status).toBe(200);
      return body as { id: string; name: string }[];
    };
    const called = async (query: string) => (await list(query)).map(({ name }) => name);
    expect(await called('')).toEqual(['Alpha', 'beta', 'gamma']);
    expect(await called(`parent_id=${b}`)).toEqual(['beta one', 'Beta two']);
    expect(await called(`parent_id=${b}&with_nested_groups=true`)).toEqual([
      'beta one',
      'Beta two',
      'beta two alpha',
    ]);
    const all = ['Alpha', 'beta', 'beta one', 'Beta two', 'beta two alpha', 'gamma'];
    expect(await called('with_nested_groups=true')).toEqual(all);

    const seen: string[] = [];
    for (let after = ''; ;) {
      const page = await list(`with_nested_groups=true&limit=2${after}`);
      if (page.length === 0) break;
      seen.push(...page.map(({ name }) => name));
      after = `&after_group_id=${page.at(-1)?.id}`;
    }
    expect(seen).toEqual(all);
    expect(await called(`with_nested_groups=true&limit=1&before_group_id=${b}`)).toEqual(['Alpha']);
    const query = (name: string) =>
      `query=${encodeURIComponent(JSON.stringify({ name }))}&with_nested_groups=true`;
    expect(await called(query('ALPHA'))).toEqual(['Alpha', 'beta two alpha']);
    expect(await called(query('beta t'))).toEqual(['Beta two', 'beta two alpha']);
    expect(await called(`${query('alpha')}&limit=1`)).toEqual(['Alpha']);
    expect(await called(query('%'))).toEqual([]);
    expect(await api.get(`${base}/groups?query={"title":1}`)).toMatchObject({ status: 400 });
    expect(await api.get(`${base}/groups?query=nonsense`)).toMatchObject({ status: 400 });
    expect(await api.get(`${base}/groups?after_group_id=ghost`)).toMatchObject({
      status: 400,
      body: { error_code: 'bad_cursor' },
    });
  });
});

describe('membership', () => {
  it('is given and taken, only to people of the pool', async () => {
    const g = await group('Members');
    const member = (who: string) => `${GROUPS}/${g}/users/${who}`;
    for (let time = 0; time < 2; time += 1) {
      expect(await api.put(member('ann'), undefined)).toMatchObject({ status: 204 });
    }
    expect(await api.get(`${POOL}/users/ann/groups/${g}`)).toMatchObject({ status: 204 });
    expect(await api.get(`${POOL}/users/bob/groups/${g}`)).toMatchObject({ status: 404 });
    for (const path of [member('zoe'), member('ghost'), `${GROUPS}/ghost/users/ann`]) {
      expect(await api.put(path, undefined)).toMatchObject({ status: 404 });
      expect(await api.delete(path)).toMatchObject({ status: 404 });
    }
    expect(await api.delete(member('ann'))).toMatchObject({ status: 204 });
    expect(await api.delete(member('ann'))).toMatchObject({ status: 404 });
    expect(await api.get(`${POOL}/users/ann/groups/${g}`)).toMatchObject({ status: 404 });
  });

  it('of somebody with a role is changed by administrators alone', async () => {
    const g = await group('Guarded');
    await addUser('staff', 'chief');
    const subject = { subjectType: 'identity_pool_user', subjectId: 'chief' } as const;
    const auditor = { resourceType: 'tenant', resourceId: '', role: 'auditor', ...subject } as const;
    await server.domain.roles.grant({ tenantId: 'tree' }, auditor, SYSTEM_ACTOR);
    const made = await server.domain.clients.create(
      { tenantId: 'tree', workspaceId: 'admin' },
      { grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    const keeper = { resourceType: 'identity_pool', resourceId: 'staff', role: 'user_manager' } as const;
    const held = { ...keeper, subjectType: 'client', subjectId: made.id } as const;
    await server.domain.roles.grant({ tenantId: 'tree' }, held, SYSTEM_ACTOR);
    const manager = server.api('tree', { clientId: made.id, clientSecret: made.clientSecret ?? '' });
    const member = (who: string) => `${GROUPS}/${g}/users/${who}`;
    expect(await manager.put(member('ann'), undefined)).toMatchObject({ status: 204 });
    expect(await manager.put(member('chief'), undefined)).toMatchObject({ status: 403 });
    expect(await api.put(member('chief'), undefined)).toMatchObject({ status: 204 });
    expect(await manager.delete(member('chief'))).toMatchObject({ status: 403 });
    expect(await manager.get(`${POOL}/users/chief/groups/${g}`)).toMatchObject({ status: 204 });
  });

  it('is seen from the group and from the person, with what is below and above', async () => {
    const top = await group('Nest');
    const middle = await group('Nest middle', top);
    const low = await group('Nest low', middle);
    for (const [g, who] of [
      [top, 'bob'],
      [middle, 'cid'],
      [low, 'cid'],
      [low, 'dan'],
    ]) {
      await api.put(`${GROUPS}/${g}/users/${who}`, undefined);
    }
    const members = async (query: string) => {
      const { status, body } = await api.get(`${GROUPS}/${top}/users?${query}`);
      expect(status).toBe(200);
      return (body.users as { id: string }[]).map(({ id }) => id);
    };
    expect(await members('')).toEqual(['bob']);
    expect(await members('with_nested_groups=true')).toEqual(['bob', 'cid', 'dan']);
    expect(await members('with_nested_groups=true&limit=1&after_user_id=bob')).toEqual(['cid']);
    expect(await members('with_nested_groups=true&limit=1&before_user_id=dan')).toEqual(['cid']);
    const { body } = await api.get(`${GROUPS}/${top}/users`);
    expect(body.users[0]).toMatchObject({ id: 'bob', identifiers: ['bob@e.test'] });
    expect(body.users[0]).not.toHaveProperty('credentials');

    const groupsOf = async (query: string) => {
      const answer = await api.get(`${POOL}/users/dan/groups?${query}`);
      expect(answer.status).toBe(200);
      return (answer.body as { name: string }[]).map(({ name }) => name);
    };
    expect(await groupsOf('')).toEqual(['Nest low']);
    expect(await groupsOf('with_parent_groups=true')).toEqual(['Nest', 'Nest low', 'Nest middle']);
    expect(await groupsOf(`with_parent_groups=true&limit=1&after_group_id=${top}`)).toEqual(['Nest low']);
    expect(await groupsOf('with_parent_groups=true&query={"name":"middle"}')).toEqual(['Nest middle']);
    expect(await api.get(`${POOL}/users/zoe/groups`)).toMatchObject({ status: 404 });

    const inTop = `${POOL}/users/dan/groups/${top}`;
    expect(await api.get(inTop)).toMatchObject({ status: 404 });
    expect(await api.get(`${inTop}?with_nested_groups=true`)).toMatchObject({ status: 204 });
    expect(await api.get(`${POOL}/users/bob/groups/${low}?with_nested_groups=true`)).toMatchObject({
      status: 404,
    });
  });
});

describe('at the same moment', () => {
  it('fifty creations of one name leave one group', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => api.post(GROUPS, { name: 'Rush' })));
    expect(statuses(answers)).toEqual([201, ...Array.from({ length: 49 }, () => 409)]);
  });

  it('fifty changes of one version have one winner', async () => {
    const g = await group('Contested');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        api.put(`${GROUPS}/${g}`, { name: `Contested ${n}` }, { 'If-Match': '"1"' }),
      ),
    );
    expect(statuses(answers)).toEqual([200, ...Array.from({ length: 49 }, () => 412)]);
    expect(await api.get(`${GROUPS}/${g}`)).toMatchObject({ etag: '"2"' });
  });

  it('fifty moves in a ring never close it', async () => {
    const ring = await Promise.all(Array.from({ length: 10 }, (_, n) => group(`Ring ${n}`)));
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        api.put(`${GROUPS}/${ring[n % 10]}`, { name: `Ring ${n % 10}`, parent_id: ring[(n + 1) % 10] }),
      ),
    );
    expect([...new Set(statuses(answers))]).toEqual([200, 422]);
    const { rows } = await server.db.knex.raw<{ rows: { reached: number }[] }>(
      `WITH RECURSIVE down AS (
         SELECT group_id FROM groups WHERE group_id = ANY(:ring) AND parent_id IS NULL
         UNION SELECT g.group_id FROM groups g JOIN down d ON g.parent_id = d.group_id)
       SELECT count(*) AS reached FROM down`,
      { ring },
    );
    // From the top everything is reached: what is in a cycle would not be.
    expect(rows[0]?.reached).toBe(10);
  });

  it('fifty additions of one person leave one membership and one event', async () => {
    const g = await group('Crowded');
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => api.put(`${GROUPS}/${g}/users/ann`, undefined)),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([204]));
    const events = await server.db
      .knex('audit_events')
      .where({ tenant_id: 'tree', action: 'added_to_group' })
      .whereRaw(`metadata ->> 'group_id' = ?`, [g]);
    expect(events).toHaveLength(1);
  });

  it('a person who goes and a group that goes never leave a membership behind', async () => {
    for (let round = 0; round < 5; round += 1) {
      const g = await group(`Gone ${round}`);
      await addUser('staff', `leaver-${round}`);
      const add = () => api.put(`${GROUPS}/${g}/users/leaver-${round}`, undefined);
      const gone = round % 2 === 0 ? `${GROUPS}/${g}` : `${POOL}/users/leaver-${round}`;
      const [deleted, ...added] = await Promise.all([api.delete(gone), ...Array.from({ length: 10 }, add)]);
      expect(deleted?.status).toBe(204);
      for (const { status } of added) expect([204, 404]).toContain(status);
      expect(await api.get(`${POOL}/users/leaver-${round}/groups/${g}`)).toMatchObject({ status: 404 });
    }
  });
});

describe('the record of groups', () => {
  it('has every change with group and person', async () => {
    const g = await group('Recorded');
    await api.put(`${GROUPS}/${g}/users/ann`, undefined);
    await api.delete(`${GROUPS}/${g}/users/ann`);
    await api.put(`${GROUPS}/${g}`, { name: 'Recorded anew' });
    await api.delete(`${GROUPS}/${g}`);
    const rows = await server.db
      .knex('audit_events')
      .whereRaw(`tenant_id = 'tree' AND metadata ->> 'group_id' = ?`, [g])
      .orderBy('occurred_at');
    expect(rows.map((row) => `${row.event_subject} ${row.action}`)).toEqual([
      'group created',
      'user added_to_group',
      'user removed_from_group',
      'group updated',
      'group deleted',
    ]);
    expect(rows[1]).toMatchObject({
      metadata: { affected_user_id: 'ann', affected_user_pool_id: 'staff', actor: 'client' },
      payload: { user_added_to_group: { user_id: 'ann', group_id: g } },
    });
    expect(rows[4]).toMatchObject({ payload: { group_deleted: { name: 'Recorded anew', sub_groups: 0 } } });
  });
});

describe('what it costs', () => {
  it('one statement to add, to remove and to test a membership, two for a page', async () => {
    const g = await group('Counted');
    const where = { ...scope, groupId: g, userId: 'ann' };
    const log = watchStatements();
    const count = async (work: () => Promise<unknown>) => (await log.during(work)).statements.length;
    const { groupMembers, groups } = server.domain;
    const page = { limit: 20 };
    try {
      expect(await count(() => groupMembers.add(where, SYSTEM_ACTOR))).toBe(1);
      expect(await count(() => groupMembers.require(where, { nested: true }))).toBe(1);
      expect(await count(() => groupMembers.list(where, { nested: true }, page))).toBe(2);
      expect(await count(() => groupMembers.groupsOf(where, { withParents: true }, page))).toBe(2);
      expect(await count(() => groups.list(scope, { nested: true }, page))).toBe(2);
      expect(await count(() => groupMembers.remove(where, SYSTEM_ACTOR))).toBe(1);
    } finally {
      log.stop();
    }
  });

  it('the same on every page of a large tree: no list reads more than it shows', async () => {
    const { knex } = server.db;
    const bulk = `/api/identity/tree/admin/pools/bulk`;
    await api.post('/api/identity/tree/admin/pools', { id: 'bulk', name: 'Bulk' });
    await knex.raw(`
      INSERT INTO groups (tenant_id, pool_id, group_id, parent_id, name, name_lc)
      SELECT 'tree', 'bulk', 'p' || n, NULL, 'Top ' || n, 'top ' || n FROM generate_series(1, 100) n;
      INSERT INTO groups (tenant_id, pool_id, group_id, parent_id, name, name_lc)
      SELECT 'tree', 'bulk', 'g' || n, 'p' || (n % 100 + 1), 'Group ' || n, 'group ' || n
        FROM generate_series(1, 10000) n;
      INSERT INTO user_ids (tenant_id, user_id) SELECT 'tree', 'm' || n FROM generate_series(1, 5000) n;
      INSERT INTO users (tenant_id, user_id, pool_id, status, payload_schema_id, metadata_schema_id)
      SELECT 'tree', 'm' || n, 'bulk', 'new', 'user_v0', 'metadata_v0' FROM generate_series(1, 5000) n;
      INSERT INTO group_members (tenant_id, pool_id, group_id, user_id)
      SELECT 'tree', 'bulk', 'p1', 'm' || n FROM generate_series(1, 5000) n;
      ANALYZE groups; ANALYZE group_members; ANALYZE users`);
    for (const path of [
      'groups',
      'groups?with_nested_groups=true',
      'groups?with_nested_groups=true&after_group_id=g999',
      'groups?parent_id=p7',
      'groups?parent_id=p7&with_nested_groups=true',
      'groups?with_nested_groups=true&query={"name":"group 1234"}',
      'groups?with_nested_groups=true&query={"name":"9999"}',
      'groups/p1/users?after_user_id=m4000',
      'groups/p2/users?with_nested_groups=true',
      'users/m77/groups?with_parent_groups=true',
    ]) {
      const { plan, rows } = await explainList(server.db.knex, () => api.get(`${bulk}/${path}`));
      expect(plan, path).not.toContain('Seq Scan');
      expect(rows, path).toBeLessThan(3_000);
    }
  });
});

describe('the system API', () => {
  it('has the same operations for a token with the scope `identity`', async () => {
    const made = await server.domain.clients.create(
      { tenantId: 'tree', workspaceId: 'system' },
      { grantTypes: ['client_credentials'], scopes: ['identity', 'view_audit_events'] },
      SYSTEM_ACTOR,
    );
    const tokenFor = async (wanted: string): Promise<string> => {
      const answer = await fetch(`${server.url}/tree/system/oauth2/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${made.id}:${made.clientSecret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', scope: wanted }),
      });
      return ((await answer.json()) as { access_token: string }).access_token;
    };
    const [identity, audit] = [await tokenFor('identity'), await tokenFor('view_audit_events')];
    const call = async (token: string, method: string, path: string, body?: object) => {
      const response = await fetch(server.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = await answerOf(response);
      expectDeclared(method, path, answer);
      return answer;
    };
    const base = '/api/identity/tree/system/pools/staff';
    const created = await call(identity, 'POST', `${base}/groups`, { name: 'By a backend' });
    expect(created).toMatchObject({ status: 201, etag: '"1"' });
    const member = `${base}/groups/${created.body.id}/users/ann`;
    expect(await call(identity, 'PUT', member)).toMatchObject({ status: 204 });
    const listed = await call(identity, 'GET', `${base}/groups/${created.body.id}/users`);
    expect(listed).toMatchObject({ status: 200, body: { users: [{ id: 'ann' }] } });
    expect(await call(identity, 'GET', `${base}/users/ann/groups/${created.body.id}`)).toMatchObject({
      status: 204,
    });
    expect(await call(identity, 'DELETE', member)).toMatchObject({ status: 204 });
    expect(await call(audit, 'GET', `${base}/groups`)).toMatchObject({ status: 403 });
    expect(await call(identity, 'GET', GROUPS)).toMatchObject({ status: 401 });

    const events = '/api/system/tree/servers/admin/audit-events';
    const found = await call(audit, 'GET', `${events}?group_id=${created.body.id}`);
    expect(found).toMatchObject({ status: 200 });
    expect((found.body.audit_events as { action: string }[]).map(({ action }) => action)).toEqual([
      'removed_from_group',
      'added_to_group',
      'created',
    ]);
    expect(await call(identity, 'GET', events)).toMatchObject({ status: 403 });
  });
});

it('names of groups reach the claims of their people', async () => {
  await api.post('/api/admin/tree/servers', { id: 'app' });
  await api.post('/api/admin/tree/servers/app/idps/identity_pool', { identity_pool_id: 'staff' });
  const made = await server.domain.clients.create(
    { tenantId: 'tree', workspaceId: 'app' },
    { clientSecret: SECRET, trusted: true, redirectUris: [CALLBACK] },
    SYSTEM_ACTOR,
  );
  const g = await group('Claimed');
  await api.post(`${POOL}/users`, {
    id: 'eva',
    status: 'active',
    payload: person('Eva'),
    identifiers: [{ type: 'email', identifier: 'eva@e.test' }],
    credentials: [{ type: 'password', password: PASSWORD }],
  });
  await api.put(`${GROUPS}/${g}/users/eva`, undefined);
  const app = await RelyingParty.discover({
    issuer: `${server.url}/tree/app`,
    clientId: made.id,
    clientSecret: SECRET,
    redirectUri: CALLBACK,
    scope: 'openid profile groups',
  });
  const { tokens } = await app.signIn({ identifier: 'eva@e.test', password: PASSWORD });
  const claims = async () => client.fetchUserInfo(app.config, tokens.access_token, 'eva');
  expect((await claims())['groups']).toEqual(['Claimed']);
  await api.delete(`${GROUPS}/${g}`);
  expect((await claims())['groups'] ?? []).toEqual([]);
});
