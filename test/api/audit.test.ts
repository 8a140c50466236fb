import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runJobs } from '../../src/jobs/index.ts';
import type { Attempts } from '../../src/security/attempts.ts';
import { type ApiClient, startApiServer, type ApiServer } from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { explainList } from '../support/explain.ts';
import { RelyingParty } from '../support/relying_party.ts';

let server: ApiServer;
let api: ApiClient;
const tenantId = 'logged';
const CALLBACK = 'https://app.example.test/cb';
const SECRET = 'a client secret of the audit tests 01';
const PASSWORD = 'nine calm boats drift north';
const list = (workspace: string) => `/api/admin/${tenantId}/servers/${workspace}/audit-events`;
const pools = `/api/identity/${tenantId}/admin`;

type Event = {
  event_id: string;
  event_subject: string;
  action: string;
  timestamp: string;
  server_id: string;
  metadata: Record<string, string>;
  payload: Record<string, Record<string, unknown>>;
};

async function events(workspace: string, query = ''): Promise<Event[]> {
  const { status, body } = await api.get(`${list(workspace)}?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.audit_events as Event[];
}
const kinds = (found: readonly Event[]) => found.map((one) => `${one.event_subject} ${one.action}`);

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant(tenantId);
  api = server.api(tenantId);
  await api.post(`/api/admin/${tenantId}/servers`, { id: 'shop' });
  await api.post(`${pools}/workspace/shop/pools?with_idp=true`, { id: 'buyers', name: 'Buyers' });
  await api.post(`${pools}/pools`, { id: 'staff', name: 'Staff' });
  await server.domain.clients.create(
    { tenantId, workspaceId: 'shop' },
    { id: 'till', clientSecret: SECRET, trusted: true, redirectUris: [CALLBACK] },
    SYSTEM_ACTOR,
  );
  await api.post(`${pools}/pools/buyers/users`, {
    status: 'active',
    payload: person('Una'),
    identifiers: [{ type: 'email', identifier: 'una@e.test' }],
    credentials: [{ type: 'password', password: PASSWORD }],
  });
  await api.post(`${pools}/pools/staff/users`, { id: 'sam', status: 'new', payload: person('Sam') });
  const app = await RelyingParty.discover({
    issuer: `${server.url}/${tenantId}/shop`,
    clientId: 'till',
    clientSecret: SECRET,
    redirectUri: CALLBACK,
  });
  await app.signIn({ identifier: 'una@e.test', password: PASSWORD });
  const group = await api.post(`${pools}/pools/staff/groups`, { id: 'crew', name: 'Crew' });
  expect(group.status).toBe(201);
  await api.put(`${pools}/pools/staff/groups/crew/users/sam`, undefined);
});
afterAll(() => server.stop());

describe('the events of a workspace', () => {
  it('are what happened in it, to it and to its own pools; the rest is with admin', async () => {
    const shop = kinds(await events('shop', 'limit=100'));
    expect(shop).toEqual(
      expect.arrayContaining([
        'server created',
        'pool created',
        'user created',
        'login accepted',
        'client created',
      ]),
    );
    expect(shop).not.toContain('group created');
    const admin = await events('admin', 'limit=100');
    expect(kinds(admin)).toEqual(
      expect.arrayContaining(['pool created', 'user created', 'group created', 'user added_to_group']),
    );
    expect(new Set(admin.map(({ server_id }) => server_id))).toEqual(new Set(['admin']));
    expect(kinds(admin)).not.toContain('login accepted');
  });

  it('have the end of its own pools too', async () => {
    await api.post(`${pools}/workspace/shop/pools?with_idp=true`, { id: 'brief', name: 'Brief' });
    expect(await api.delete(`${pools}/pools/brief?with_idp=true`)).toMatchObject({ status: 204 });
    expect(kinds(await events('shop', 'event_action=deleted'))).toEqual(
      expect.arrayContaining(['idp deleted', 'pool deleted']),
    );
  });

  it('have the form of the contract, newest first', async () => {
    const [newest, older] = await events('admin', 'limit=2');
    expect(newest).toMatchObject({
      event_id: expect.any(String) as string,
      tenant_id: tenantId,
      event_subject: 'user',
      action: 'added_to_group',
      context: {},
      metadata: { affected_user_id: 'sam', affected_user_pool_id: 'staff', group_id: 'crew' },
      payload: { user_added_to_group: { user_id: 'sam', group_id: 'crew' } },
    });
    expect(Date.parse(newest?.timestamp ?? '')).toBeGreaterThanOrEqual(Date.parse(older?.timestamp ?? ''));
    const [login] = await events('shop', 'event_subject=login&event_action=accepted');
    expect(login?.metadata).toMatchObject({
      idp_method: 'identity_pool',
      client_id: 'till',
      user_pool_id: 'buyers',
    });
    expect(login?.metadata['subject']).toBe(login?.metadata['user_id']);
  });

  it('come page by page in both directions and orders', async () => {
    const all = (await events('shop', 'limit=100')).map(({ event_id }) => event_id);
    expect(all.length).toBeGreaterThan(5);
    for (const [order, expected] of [
      ['desc', all],
      ['asc', all.toReversed()],
    ] as const) {
      const seen: string[] = [];
      for (let after = ''; ;) {
        const page = await events('shop', `limit=3&order=${order}${after}`);
        if (page.length === 0) break;
        seen.push(...page.map(({ event_id }) => event_id));
        after = `&after_event_id=${page.at(-1)?.event_id}`;
      }
      expect(seen).toEqual(expected);
      const before = await events('shop', `limit=2&order=${order}&before_event_id=${expected[3]}`);
      expect(before.map(({ event_id }) => event_id)).toEqual(expected.slice(1, 3));
    }
  });

  it('are found by every filter', async () => {
    const [login] = await events('shop', 'event_subject=login');
    const { user_id: una = '', ip = '', idp_id: idp = '' } = login?.metadata ?? {};
    const only = async (query: string, test: (event: Event) => boolean, workspace = 'shop') => {
      const found = await events(workspace, `limit=100&${query}`);
      expect(found.length, query).toBeGreaterThan(0);
      expect(
        found.filter((event) => !test(event)),
        query,
      ).toEqual([]);
      const rest = await events(workspace, 'limit=100');
      expect(found, query).toHaveLength(rest.filter(test).length);
    };
    await only(`user_id=${una}`, ({ metadata }) => metadata['user_id'] === una);
    await only(`subject=${una}`, ({ metadata }) => metadata['user_id'] === una);
    await only(`idp_subject=${una}`, ({ metadata }) => metadata['idp_subject'] === una);
    await only('user_pool_id=buyers', ({ metadata }) => metadata['user_pool_id'] === 'buyers');
    await only(`affected_user_id=${una}`, ({ metadata }) => metadata['affected_user_id'] === una);
    await only(
      'affected_user_pool_id=buyers',
      ({ metadata }) => metadata['affected_user_pool_id'] === 'buyers',
    );
    await only('client_id=till', ({ metadata }) => metadata['client_id'] === 'till');
    await only(`idp_id=${idp}`, ({ metadata }) => metadata['idp_id'] === idp);
    await only('idp_method=identity_pool', ({ metadata }) => metadata['idp_id'] !== undefined);
    await only(`ip=${encodeURIComponent(ip)}`, ({ metadata }) => metadata['ip'] === ip);
    await only('group_id=crew', ({ metadata }) => metadata['group_id'] === 'crew', 'admin');
    await only('event_subject=user,group', (one) => ['user', 'group'].includes(one.event_subject), 'admin');
    await only('event_action=created', ({ action }) => action === 'created', 'admin');
    await only(
      'event_subject=user&event_action=created,added_to_group',
      (one) => one.event_subject === 'user' && ['created', 'added_to_group'].includes(one.action),
      'admin',
    );
    await only(`client_id=till&event_subject=login`, (one) => one.event_subject === 'login');
    const [{ timestamp: moment } = { timestamp: '' }] = await events('shop', 'event_action=accepted');
    await only(`timestamp_from=${moment}`, ({ timestamp }) => timestamp >= moment);
    await only(`timestamp_to=${moment}`, ({ timestamp }) => timestamp <= moment);
    for (const nobody of [
      'organization_id=x',
      'idp_method=saml',
      'session_id=x',
      'authorization_correlation_id=x',
      `user_id=${una}&subject=someone-else`,
      'event_subject=nothing',
    ]) {
      expect(await events('shop', nobody), nobody).toEqual([]);
    }
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'sort=ip',
    'order=up',
    'timestamp_from=yesterday',
    'event_subject=;drop',
    'after_event_id=ghost',
    'unknown=1',
  ])('are not listed for %s: 400', async (query) => {
    expect(await api.get(`${list('shop')}?${query}`)).toMatchObject({ status: 400 });
  });

  it('belong to those who may read them, and to no other tenant', async () => {
    expect(await api.get(list('ghost'))).toMatchObject({ status: 404 });
    const scope = { tenantId, workspaceId: 'admin' };
    const made = await server.domain.clients.create(
      scope,
      { grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    const caller = server.api(tenantId, { clientId: made.id, clientSecret: made.clientSecret ?? '' });
    expect(await caller.get(list('shop'))).toMatchObject({ status: 403 });
    await server.domain.roles.grant(
      { tenantId },
      {
        resourceType: 'workspace',
        resourceId: 'shop',
        role: 'auditor',
        subjectType: 'client',
        subjectId: made.id,
      },
      SYSTEM_ACTOR,
    );
    expect(await caller.get(list('shop'))).toMatchObject({ status: 200 });
    expect(await caller.get(list('admin'))).toMatchObject({ status: 403 });
    await server.createTenant('stranger');
    expect(await server.api('stranger').get(list('shop'))).toMatchObject({ status: 401 });
  });

  it('hold no secret of the whole run', async () => {
    const { rows } = await server.db.knex.raw<{ rows: { text: string }[] }>(
      'SELECT e::text AS text FROM audit_events e',
    );
    const stored = rows.map(({ text }) => text).join('\n');
    expect(stored).toContain('una@e.test');
    for (const secret of [PASSWORD, SECRET, '$argon2', await server.token(tenantId)]) {
      expect(stored).not.toContain(secret);
    }
  });
});

describe('retention', () => {
  it('removes what is older, in batches, and nothing else', async () => {
    const { knex } = server.db;
    await knex.raw(
      `INSERT INTO audit_events (tenant_id, event_id, workspace_id, occurred_at, event_subject, action)
       SELECT :tenantId, 'old-' || n, 'shop', now() - interval '31 days', 'user', 'updated'
         FROM generate_series(1, 2500) n`,
      { tenantId },
    );
    const before = await knex('audit_events').whereRaw(`event_id NOT LIKE 'old-%'`).pluck('event_id');
    const attempts = { sweep: () => Promise.resolve(0) } as unknown as Attempts;
    const jobs = { db: server.db, attempts, purgePools: () => Promise.resolve(0) };
    await runJobs({ ...jobs, auditRetentionDays: 0 });
    expect(await knex('audit_events').whereRaw(`event_id LIKE 'old-%'`)).toHaveLength(2_500);
    // Two at once, as two processes would.
    await Promise.all([1, 2].map(() => runJobs({ ...jobs, auditRetentionDays: 30 })));
    const left = await knex('audit_events').pluck('event_id');
    expect(left.toSorted()).toEqual(before.toSorted());
  });
});

describe('plans', () => {
  it('of every list use an index, in the order of the list', async () => {
    const { knex } = server.db;
    await knex.raw(
      `INSERT INTO audit_events (tenant_id, event_id, workspace_id, occurred_at, event_subject, action, metadata)
       SELECT :tenantId, 'bulk-' || n, 'shop', now() - n * interval '1 second', 'user',
              CASE WHEN n % 5000 = 0 THEN 'deleted' ELSE 'updated' END,
              jsonb_build_object('ip', '192.0.2.1', 'user_id', 'u' || n % 100, 'client_id', 'till')
         FROM generate_series(1, 20000) n`,
      { tenantId },
    );
    await knex.raw('ANALYZE audit_events');
    for (const query of [
      '',
      'user_id=u7',
      'ip=192.0.2.1',
      'client_id=till',
      'group_id=none',
      'session_id=none',
      'event_subject=user&event_action=deleted',
      'event_action=updated',
    ]) {
      const { plan, rows } = await explainList(knex, () => api.get(`${list('shop')}?${query}`));
      expect(plan, query).not.toContain('Seq Scan');
      expect(rows, query).toBeLessThan(1_000);
    }
  });
});
