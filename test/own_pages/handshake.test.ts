import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  startApiServer,
  statuses,
  SYSTEM_TENANT,
  type ApiClient,
  type ApiServer,
} from '../support/api_server.ts';
import { addPerson, addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import type { Browser } from '../support/browser_without_javascript.ts';
import { client, type Flow, type RelyingParty } from '../support/relying_party.ts';

const LOGIN_PAGE = 'https://login.example.test/sign-in?brand=dune';
const CONSENT_PAGE = 'https://login.example.test/consent';
const person = { identifier: 'ina@example.test', password: 'a long enough password' };

/** Pages of one's own for signing in and consent (contract 4): here the page is the test. */
describe('own pages', () => {
  let server: ApiServer;
  let admin: ApiClient;
  let backend: ApiClient;
  let userId: string;
  let connectionId: string;
  const scope = { tenantId: SYSTEM_TENANT, workspaceId: 'dune' };

  beforeAll(async () => {
    server = await startApiServer();
    admin = server.api(SYSTEM_TENANT);
    backend = await server.system(SYSTEM_TENANT, 'manage_logins', 'manage_scope_grants');
    ({ connectionId } = await addWorkspace(server.domain, 'dune'));
    userId = await addPerson(server.domain, 'dune-people', person);
    await server.domain.workspaces.update(
      scope,
      { name: 'Dune', customLoginUrl: LOGIN_PAGE, customConsentUrl: CONSENT_PAGE },
      SYSTEM_ACTOR,
    );
  });
  afterAll(() => server.stop());

  const party = (settings: Parameters<typeof relyingParty>[1] = {}): Promise<RelyingParty> =>
    relyingParty({ publicUrl: server.url, elsewhere: server.domain }, { workspaceId: 'dune', ...settings });

  type Names = { id: string; state: string; path: string };
  function sentTo(page: Flow['page'], kind: 'logins' | 'scope-grants' = 'logins'): Names {
    const { searchParams, href } = page.stoppedAt ?? new URL('https://nowhere.invalid');
    expect(href.startsWith(kind === 'logins' ? LOGIN_PAGE : CONSENT_PAGE), href).toBe(true);
    const id = searchParams.get('login_id') ?? '';
    const state = searchParams.get('login_state') ?? '';
    return { id, state, path: `/api/system/default/${kind}/${id}` };
  }
  const vouch = (names: Names, extra: object = {}, as = backend) =>
    as.post(`${names.path}/accept`, { login_state: names.state, subject: userId, amr: ['pwd'], ...extra });
  /** As the person's browser does when the page outside sends it back. */
  const follow = (browser: Browser, answer: { body: { redirect_to: string } }) =>
    browser.open(answer.body.redirect_to);

  test('a sign-in: the page asks, vouches, and the browser that began goes on', async () => {
    const app = await party();
    const flow = await app.begin({ max_age: '3600', login_hint: 'ina@example.test' });
    const names = sentTo(flow.page);
    expect(flow.page.stoppedAt?.searchParams.get('brand')).toBe('dune');
    const asked = await backend.get(`${names.path}?login_state=${names.state}`);
    expect(asked).toMatchObject({
      status: 200,
      body: {
        id: names.id,
        server_id: 'dune',
        client_info: { client_id: app.options.clientId, client_name: 'Harbour Books' },
        requested_scopes: ['openid', 'profile', 'email'],
        max_age: 3600,
        login_hint: 'ina@example.test',
      },
    });
    const authTime = Math.floor(Date.now() / 1000) - 600;
    const answer = await vouch(names, {
      amr: ['pwd', 'otp'],
      auth_time: new Date(authTime * 1000).toISOString(),
    });
    const { claims } = await app.finish(flow, await follow(app.browser, answer));
    expect(claims).toMatchObject({ sub: userId, auth_time: authTime, amr: ['pwd', 'otp'] });
    // From here on it is a session like any other.
    expect((await app.begin({ prompt: 'none' })).page.stoppedAt?.searchParams.get('code')).toBeTruthy();
    const { body } = await admin.get(
      `/api/admin/default/servers/dune/audit-events?event_subject=login&affected_user_id=${userId}`,
    );
    const actions = body.audit_events.map(({ action }: { action: string }) => action);
    expect(actions).toEqual(expect.arrayContaining(['vouched', 'accepted']));
  });

  test('no form of ours takes a password in its place', async () => {
    const app = await party();
    const flow = await app.begin();
    sentTo(flow.page);
    const at = app.browser.history.findLast(({ url }) => url.pathname.includes('/interaction/'))?.url as URL;
    const page = await app.browser.open(`${at.href}/sign-in/${connectionId}`);
    sentTo(page);
  });

  test('an answer works once: of many at a time, one', async () => {
    const app = await party();
    const names = sentTo((await app.begin()).page);
    const answers = await Promise.all(Array.from({ length: 20 }, () => vouch(names)));
    expect(statuses(answers)).toEqual([200, ...Array.from({ length: 19 }, () => 409)]);
    const good = answers.find(({ status }) => status === 200) as { body: { redirect_to: string } };
    const late = await backend.post(`${names.path}/reject`, { login_state: names.state });
    expect(late.status).toBe(409);
    const ends = await Promise.all(
      Array.from({ length: 6 }, () => app.browser.clone().open(good.body.redirect_to)),
    );
    expect(ends.filter((end) => end.stoppedAt?.searchParams.has('code'))).toHaveLength(1);
    // Over: neither the address nor the names do anything more.
    expect((await app.browser.open(good.body.redirect_to)).stoppedAt?.searchParams.has('code')).not.toBe(
      true,
    );
    expect((await vouch(names)).status).toBe(404);
  });

  test('another browser gets nowhere with the answer, nor the first one without it', async () => {
    const attacker = await party();
    const names = sentTo((await attacker.begin()).page);
    // The victim was slipped the attacker's link, and signed in on the page.
    const answer = await vouch(names);
    const victim = (await party()).browser;
    const shown = await follow(victim, answer);
    expect(shown.stoppedAt).toBeUndefined();
    expect(shown.status).toBeGreaterThanOrEqual(400);
    expect(victim.cookies.all().filter(({ name }) => name.includes('session'))).toEqual([]);
    // The attacker's own browser is asked to sign in, whatever it tries.
    const path = new URL(answer.body.redirect_to).pathname.split('/continue/')[0] as string;
    for (const below of [
      '',
      '/continue',
      '/continue/',
      `/continue/${names.state}`,
      `/continue/${names.id}`,
    ]) {
      const page = await attacker.browser.open(`${server.url}${path}${below}`);
      expect(page.stoppedAt?.searchParams.has('code') ?? false).toBe(false);
    }
    // The page was opened anew by that: what was vouched for before is void.
    expect((await follow(attacker.browser, answer)).stoppedAt?.href.startsWith(LOGIN_PAGE)).toBe(true);
  });

  test('nothing that travels can be presented as the cookie of the sign-in', async () => {
    const app = await party();
    const flow = await app.begin();
    const names = sentTo(flow.page);
    const answer = await vouch(names);
    const back = new URL(answer.body.redirect_to);
    const [uid = '', , verifier = ''] = back.pathname.split('/').slice(4);
    for (const value of [names.id, names.state, uid, verifier]) {
      const response = await fetch(back, {
        redirect: 'manual',
        headers: { cookie: `weir_interaction=${value}; weir_resume=${value}` },
      });
      expect(response.status).toBe(410);
      expect(response.headers.get('location')).toBeNull();
    }
    expect((await follow(app.browser, answer)).stoppedAt?.searchParams.get('code')).toBeTruthy();
  });

  test('tables hold none of it in clear', async () => {
    const app = await party();
    const names = sentTo((await app.begin()).page);
    const { body } = await vouch(names);
    const rows = await server.db.knex.raw<{ rows: { text: string }[] }>(
      'SELECT to_jsonb(h)::text AS text FROM page_handshakes h',
    );
    const text = rows.rows.map((row) => row.text).join('\n');
    expect(text).toContain('Harbour Books');
    const travelled = [names.id, names.state, ...new URL(body.redirect_to).pathname.split('/').slice(4)];
    for (const value of travelled.filter((one) => one !== 'continue')) expect(text).not.toContain(value);
  });

  test('only for who asks rightly: scope, tenant, state, kind', async () => {
    const app = await party();
    const names = sentTo((await app.begin()).page);
    const get = (path: string, as = backend) => as.get(path);
    await server.createTenant('other');
    const [elsewhere, unscoped, grantsOnly] = await Promise.all([
      server.system('other', 'manage_logins'),
      server.system(SYSTEM_TENANT, 'identity'),
      server.system(SYSTEM_TENANT, 'manage_scope_grants'),
    ]);
    const at = `${names.path}?login_state=${names.state}`;
    expect((await get(at)).status).toBe(200);
    expect((await get(at, unscoped)).status).toBe(403);
    expect((await get(at, grantsOnly)).status).toBe(403);
    expect((await get(at, elsewhere)).status).toBe(401);
    expect((await get(at.replace('/default/', '/other/'), elsewhere)).status).toBe(404);
    expect((await get(`${names.path}?login_state=${names.id}`)).status).toBe(404);
    expect((await get(names.path)).status).toBe(400);
    expect((await get(at.replace('/logins/', '/scope-grants/'))).status).toBe(404);
    expect((await vouch({ ...names, state: 'x' })).status).toBe(404);
    expect((await vouch(names, {}, unscoped)).status).toBe(403);
  });

  test('only for people who may sign in here, and never for who carries authority', async () => {
    const app = await party();
    const names = sentTo((await app.begin()).page);
    await addWorkspace(server.domain, 'far');
    const make = (poolId: string, status: 'active' | 'inactive') =>
      server.domain.users.create(
        { tenantId: SYSTEM_TENANT, poolId },
        { status, payload: { name: 'A', given_name: 'A', family_name: 'A' } },
        SYSTEM_ACTOR,
      );
    const idle = await make('dune-people', 'inactive');
    const chief = await make('dune-people', 'active');
    const stranger = await make('far-people', 'active');
    const role = { resourceType: 'tenant', resourceId: '', role: 'admin' } as const;
    await server.domain.roles.grant(
      { tenantId: SYSTEM_TENANT },
      { ...role, subjectType: 'identity_pool_user', subjectId: chief.id },
      SYSTEM_ACTOR,
    );
    const refusals = await Promise.all(
      [idle.id, chief.id, stranger.id, 'nobody-at-all'].map((subject) => vouch(names, { subject })),
    );
    expect(refusals.map(({ status, body }) => [status, body.error_code])).toEqual(
      refusals.map(() => [422, 'subject_unusable']),
    );
    expect(new Set(refusals.map(({ body }) => JSON.stringify(body.details))).size).toBe(1);
    // Whoever leaves between the answer and the way back does not get in.
    const answer = await vouch(names);
    const status = (to: 'inactive' | 'active') =>
      server.domain.users.update({ ...scope, poolId: 'dune-people', userId }, { status: to }, SYSTEM_ACTOR);
    await status('inactive');
    try {
      sentTo(await follow(app.browser, answer));
    } finally {
      await status('active');
    }
  });

  test('the moment of the sign-in must be one, and fit what the application asks', async () => {
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
    const app = await party();
    const names = sentTo((await app.begin({ max_age: '60' })).page);
    expect((await vouch(names, { auth_time: ago(-120) })).status).toBe(422);
    expect((await vouch(names, { auth_time: ago(600) })).status).toBe(422);
    expect((await vouch(names, { auth_time: 'yesterday' })).status).toBe(422);
    expect((await vouch(names, { amr: [] })).status).toBe(422);
    expect((await vouch(names, { authentication_context: { name: 'Somebody' } })).status).toBe(422);
    expect((await vouch(names, { auth_time: ago(5) })).status).toBe(200);
    const fresh = sentTo((await app.begin({ prompt: 'login' })).page);
    expect((await vouch(fresh, { auth_time: ago(600) })).status).toBe(422);
    expect((await vouch(fresh)).status).toBe(200);
  });

  test('a refusal reaches the application as the error it is', async () => {
    const app = await party();
    const names = sentTo((await app.begin()).page);
    const answer = await backend.post(`${names.path}/reject`, {
      login_state: names.state,
      error: 'login_required',
      error_description: 'not today',
    });
    const end = await follow(app.browser, answer);
    expect(Object.fromEntries(end.stoppedAt?.searchParams ?? [])).toMatchObject({
      error: 'login_required',
      error_description: 'not today',
    });
    expect(end.stoppedAt?.searchParams.has('state')).toBe(true);
  });

  test('another person takes the browser over, and who was expected is checked', async () => {
    const app = await party();
    const flow = await app.begin();
    const first = await app.finish(flow, await follow(app.browser, await vouch(sentTo(flow.page))));
    const other = await addPerson(server.domain, 'dune-people', {
      ...person,
      identifier: 'two@example.test',
    });
    const next = await app.begin({ prompt: 'login' });
    const taken = await follow(app.browser, await vouch(sentTo(next.page), { subject: other }));
    expect((await app.finish(next, taken)).claims.sub).toBe(other);
    const hint = first.tokens.id_token ?? '';
    const expected = await app.begin({ prompt: 'login', id_token_hint: hint });
    const end = await follow(app.browser, await vouch(sentTo(expected.page), { subject: other }));
    expect(end.stoppedAt?.searchParams.get('error')).toBe('login_required');
  });

  describe('consent', () => {
    async function asked(app: RelyingParty, parameters: Record<string, string> = {}) {
      const flow = await app.begin(parameters);
      const page = flow.page.stoppedAt?.href.startsWith(CONSENT_PAGE)
        ? flow.page
        : await follow(app.browser, await vouch(sentTo(flow.page)));
      return { flow, names: sentTo(page, 'scope-grants') };
    }
    const grant = (names: Names, granted_scopes: string[]) =>
      backend.post(`${names.path}/accept`, { login_state: names.state, granted_scopes });

    test('to fewer scopes gives fewer, and is asked again only on purpose', async () => {
      const app = await party({ trusted: false });
      const { flow, names } = await asked(app);
      const shown = await backend.get(`${names.path}?login_state=${names.state}`);
      expect(shown.body).toMatchObject({ subject: userId, requested_scopes: ['profile', 'email'] });
      expect((await grant(names, ['profile', 'phone'])).status).toBe(422);
      const end = await follow(app.browser, await grant(names, ['profile']));
      const { tokens } = await app.finish(flow, end);
      expect(tokens.scope?.split(' ').sort()).toEqual(['openid', 'profile']);
      const info = await client.fetchUserInfo(app.config, tokens.access_token, userId);
      expect(info.name).toBe('Test Person');
      expect(info.email).toBeUndefined();

      const silent = await app.begin();
      expect(silent.page.stoppedAt?.searchParams.get('code')).toBeTruthy();
      const again = await asked(app, { prompt: 'consent' });
      const changed = await follow(app.browser, await grant(again.names, ['email']));
      const after = await app.finish(again.flow, changed);
      expect(after.tokens.scope?.split(' ').sort()).toEqual(['email', 'openid']);
    });

    test('may be refused', async () => {
      const app = await party({ trusted: false });
      const { names } = await asked(app);
      const answer = await backend.post(`${names.path}/reject`, { login_state: names.state });
      const end = await follow(app.browser, answer);
      expect(end.stoppedAt?.searchParams.get('error')).toBe('access_denied');
    });
  });

  test('pages are https or local, and never those of a built-in workspace', async () => {
    const put = (wid: string, body: object) => admin.put(`/api/admin/default/servers/${wid}`, body);
    await addWorkspace(server.domain, 'reef');
    for (const custom_login_url of [
      'http://login.example.test/',
      'javascript:alert(1)',
      '/login',
      'https://a@b.test/',
    ]) {
      expect((await put('reef', { name: 'Reef', custom_login_url })).status, custom_login_url).toBe(422);
    }
    const made = await put('reef', { name: 'Reef', custom_login_url: 'http://localhost:3000/login' });
    expect(made).toMatchObject({ status: 200, body: { custom_consent_url: '' } });
    const { body: current } = await admin.get('/api/admin/default/servers/admin');
    expect((await put('admin', { ...current, custom_login_url: LOGIN_PAGE })).status).toBe(422);
  });
});
