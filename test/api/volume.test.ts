import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, startApiServer, type ApiServer } from '../support/api_server.ts';
import { addPerson, SYSTEM_ACTOR } from '../support/demo.ts';
import { explainList } from '../support/explain.ts';
import { explaining, tablesReadWhole } from '../support/plans.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { watchStatements } from '../support/statements.ts';

const tenantId = 'default';
const WORKSPACES = 2_000;
const CLIENTS_EACH = 10;
const SECRET = 'a client secret of the volume tests 01';
const person = { identifier: 'ines@example.test', password: 'nine calm boats drift north' };
const callback = 'https://app.example.test/callback';

let server: ApiServer;
let api: ApiClient;

beforeAll(async () => {
  server = await startApiServer({ PROVIDER_CACHE_MAX: '3' });
  api = server.api(tenantId);
  await addPerson(server.domain, 'demo-users', person);
  for (const id of ['w-1', 'w-2', 'w-3', 'w-4']) {
    const scope = { tenantId, workspaceId: id };
    await server.domain.workspaces.create({ tenantId }, { id, name: id }, SYSTEM_ACTOR);
    await server.domain.connections.create(scope, { poolId: 'demo-users' }, SYSTEM_ACTOR);
    await server.domain.clients.create(
      scope,
      { id: `app-${id}`, clientSecret: SECRET, trusted: true, redirectUris: [callback] },
      SYSTEM_ACTOR,
    );
  }
});
afterAll(() => server.stop());

const appOf = (workspaceId: string) =>
  RelyingParty.discover({
    issuer: `${server.url}/${tenantId}/${workspaceId}`,
    clientId: `app-${workspaceId}`,
    clientSecret: SECRET,
    redirectUri: callback,
  });

describe('with many workspaces', () => {
  /** A sign-in at a workspace that is not in memory. */
  const statementsOfSignIn = async (workspaceId: string) => {
    const app = await appOf(workspaceId);
    for (const other of ['admin', 'system', 'demo']) await documentOf(other);
    const log = watchStatements();
    try {
      const { result, statements } = await log.during(() => app.signIn(person));
      expect(result.claims['sub']).toEqual(expect.any(String));
      return statements.length;
    } finally {
      log.stop();
    }
  };

  it('a sign-in costs what it costs with few, and no table is read whole', { timeout: 120_000 }, async () => {
    const withFew = await statementsOfSignIn('w-1');
    await multiply();
    expect(await statementsOfSignIn('w-2')).toBe(withFew);
    const app = await appOf('w-3');
    for (const other of ['admin', 'system', 'demo']) await documentOf(other);
    const explained = await explaining(server.db, () => app.signIn(person));
    expect(explained.length).toBeGreaterThan(5);
    for (const { text, plan } of explained) {
      const whole = tablesReadWhole(plan).filter((table) => MULTIPLIED.includes(table));
      expect(whole, text).toEqual([]);
    }
  });

  it.each([
    `/api/admin/${tenantId}/servers`,
    `/api/admin/${tenantId}/servers?after_server_id=copy-1900`,
    `/api/admin/${tenantId}/servers?before_server_id=copy-1900`,
    `/api/admin/${tenantId}/servers?search_phrase=copy-77`,
    `/api/admin/${tenantId}/servers?search_phrase=opy-77`,
    `/api/admin/${tenantId}/workspaces`,
    `/api/identity/${tenantId}/admin/pools`,
    `/api/identity/${tenantId}/admin/pools?search_phrase=opy-77`,
    `/api/identity/${tenantId}/admin/pools?search_phrase=opy-77&sort=name`,
    `/api/identity/${tenantId}/admin/workspace/copy-1500/pools`,
    `/api/admin/${tenantId}/pools/demo-users/idps`,
    `/api/admin/${tenantId}/pools/demo-users/idps?after_server_id=copy-1500&limit=20`,
    `/api/admin/${tenantId}/servers/copy-1500/clients`,
    `/api/admin/${tenantId}/servers/copy-1500/clients?search_phrase=copy-1500-3`,
    `/api/admin/${tenantId}/servers/copy-1500/clients?after_client_id=copy-1500-5`,
    `/api/admin/${tenantId}/servers/copy-1500/idps`,
    `/api/admin/${tenantId}/servers/copy-1500/scopes`,
    `/api/admin/${tenantId}/servers/copy-1500/claims`,
    `/api/admin/${tenantId}/servers/copy-1500/keys`,
    `/api/admin/${tenantId}/servers/copy-1500/services`,
  ])('the list %s reads its page and no more', async (path) => {
    const { plan, rows } = await explainList(server.db.knex, () => api.get(path));
    expect(plan).not.toMatch(/Seq Scan on (?:workspaces|pools|clients|connections|signing_keys)/);
    expect(rows).toBeLessThan(1_000);
  });
});

describe('connections', () => {
  it('of one pool to many workspaces come in pages, and none is left out', async () => {
    const seen: string[] = [];
    for (let after = ''; ;) {
      const { status, body } = await api.get(
        `/api/admin/${tenantId}/pools/demo-users/idps${after && `?after_server_id=${after}`}`,
      );
      expect(status).toBe(200);
      if (body.idps.length === 0) break;
      seen.push(...body.idps.map((one: { authorization_server_id: string }) => one.authorization_server_id));
      after = seen.at(-1) ?? '';
    }
    expect(new Set(seen).size).toBe(seen.length);
    // The copies, what they were copied from, the other three, and the demo.
    expect(seen.length).toBe(WORKSPACES + 5);
  });

  it('of one workspace end at 500, however many try at once', async () => {
    await server.db.knex.raw(
      `INSERT INTO connections SELECT (jsonb_populate_record(t, jsonb_build_object(
         'connection_id', 'more-' || n, 'pool_id', 'copy-' || n))).*
         FROM connections t, generate_series(1, 497) AS n WHERE t.workspace_id = 'w-1'`,
    );
    const path = `/api/admin/${tenantId}/servers/w-1/idps`;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        api.post(`${path}/identity_pool`, { name: `late ${n}`, identity_pool_id: `copy-${1_000 + n}` }),
      ),
    );
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status }) => status)).toEqual(Array(8).fill(422));
    expect(JSON.stringify(refused[0]?.body)).toContain('500 pools at most');
    expect((await api.get(path)).body.idps).toHaveLength(500);
  });
});

describe('the workspaces in memory', () => {
  const reads = async (workspaceId: string) => {
    const log = watchStatements();
    try {
      return (await log.during(() => documentOf(workspaceId))).statements.length;
    } finally {
      log.stop();
    }
  };

  it('are as many as are allowed: the least recently used one makes way and is read again', async () => {
    for (const id of ['w-1', 'w-2', 'w-3']) await documentOf(id);
    expect(await reads('w-1')).toBe(0);
    const fourth = await reads('w-4');
    expect(fourth).toBeGreaterThan(0);
    expect(await reads('w-1')).toBe(0);
    expect(await reads('w-3')).toBe(0);
    expect(await reads('w-2')).toBe(fourth);
  });
});

async function documentOf(workspaceId: string): Promise<void> {
  const address = `${server.url}/${tenantId}/${workspaceId}/.well-known/openid-configuration`;
  const { status } = await fetch(address);
  if (status !== 200) throw new Error(`${address}: ${status}`);
}

const MULTIPLIED = ['workspaces', 'pools', 'clients', 'connections', 'signing_keys'];

/** Copies of a workspace, its clients, keys and connection: they are there to be in the way. */
async function multiply(): Promise<void> {
  const copy = (table: string, changes: string, series = '') =>
    server.db.knex.raw(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(t, jsonb_build_object('workspace_id', 'copy-' || n, ${changes}))).*
         FROM ${table} t, generate_series(1, ${WORKSPACES}) AS n ${series} WHERE t.workspace_id = 'w-4'`,
    );
  await copy('workspaces', `'name', 'copy-' || n`);
  await copy('signing_keys', `'kid', t.kid || n`);
  await copy('connections', `'connection_id', 'copy-' || n`);
  await copy(
    'clients',
    `'client_id', 'copy-' || n || '-' || c`,
    `, generate_series(1, ${CLIENTS_EACH}) AS c`,
  );
  await server.db.knex.raw(
    `INSERT INTO pools SELECT (jsonb_populate_record(t, jsonb_build_object(
       'pool_id', 'copy-' || n, 'name', 'copy-' || n, 'name_lc', 'copy-' || n))).*
       FROM pools t, generate_series(1, ${WORKSPACES}) AS n WHERE t.pool_id = 'demo-users'`,
  );
  await server.db.knex.raw(MULTIPLIED.map((table) => `ANALYZE ${table}`).join(';'));
}
