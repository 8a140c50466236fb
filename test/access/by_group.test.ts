import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, type ApiServer, startApiServer } from '../support/api_server.ts';
import { callback, mara, relyingParty, secret, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { watchStatements } from '../support/statements.ts';

const ADMIN = '/api/admin/default';
const POOLS = '/api/identity/default/admin/pools';
const payroll = 'https://payroll.example.test';
const base = ['openid', 'profile', 'email'];

/** Demo person and group memberships: one group, and one below it. */
describe('access by group', () => {
  let server: ApiServer;
  let admin: ApiClient;
  let app: RelyingParty;
  let pool: string;
  let userId: string;
  let crew: string;
  let deck: string;

  const required = () => [{ identity_pool_id: pool, group_id: crew }];
  const join = (groupId: string) =>
    server.domain.groupMembers.add({ tenantId: 'default', poolId: pool, groupId, userId }, SYSTEM_ACTOR);
  const leave = (groupId: string) =>
    server.domain.groupMembers.remove({ tenantId: 'default', poolId: pool, groupId, userId }, SYSTEM_ACTOR);
  const change = async (path: string, changes: object) => {
    const { body } = await admin.get(`${ADMIN}${path}`);
    const answer = await admin.put(`${ADMIN}${path}`, { ...body, scope: undefined, ...changes });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  };
  const restrict = (clientId: string, groups: object[]) =>
    change(`/clients/${clientId}`, { required_groups: groups });
  const again = (party: RelyingParty) => RelyingParty.discover(party.options);
  const works = (promise: Promise<unknown>): Promise<boolean> =>
    promise.then(
      () => true,
      () => false,
    );

  beforeAll(async () => {
    server = await startApiServer();
    admin = server.api('default');
    const connections = await admin.get(`${ADMIN}/servers/demo/idps`);
    pool = connections.body.idps[0].identity_pool_id as string;
    const users = await admin.get(`${POOLS}/${pool}/users`);
    userId = users.body.users[0].id as string;
    crew = (await admin.post(`${POOLS}/${pool}/groups`, { name: 'crew' })).body.id as string;
    deck = (await admin.post(`${POOLS}/${pool}/groups`, { name: 'deck', parent_id: crew })).body.id as string;
    app = await relyingParty(
      { publicUrl: server.url, elsewhere: server.domain },
      { clientId: 'ledger', scopes: [...base, 'salaries', 'wages'], audience: [payroll] },
    );
    await relyingParty({ publicUrl: server.url, elsewhere: server.domain }, { clientId: 'canteen' });
  });
  afterAll(() => server.stop());

  it('shows a stranger who to ask, leads back to the application, and tells it access_denied', async () => {
    await restrict('ledger', required());
    const party = await again(app);
    await party.begin();
    const page = await party.browser.submit('#login-form', mara);
    expect(page.status).toBe(403);
    expect(page.body).toContain('id="no-access-page"');
    expect(page.body).toContain('ask the administrators of');
    const end = await party.browser.submit('#no-access-form', {}, '#no-access-back');
    expect(end.stoppedAt?.origin).toBe(new URL(callback).origin);
    expect(end.stoppedAt?.searchParams.get('error')).toBe('access_denied');
    expect(end.stoppedAt?.searchParams.has('code')).toBe(false);

    const silent = await party.begin({ prompt: 'none' });
    expect(silent.page.stoppedAt?.searchParams.get('error')).toBe('access_denied');
    const preview = { client_id: 'ledger', user_pool_id: pool, user_id: userId, scopes: ['openid'] };
    const previewed = await admin.post(`${ADMIN}/servers/demo/claims/preview`, preview);
    expect(previewed.status).toBe(422);
    const events = await admin.get(`${ADMIN}/servers/demo/audit-events?event_subject=authorization_code`);
    expect(events.body.audit_events[0]).toMatchObject({ action: 'denied' });
  });

  it('leaves applications that ask for no group to everybody', async () => {
    const canteen = await RelyingParty.discover({ ...app.options, clientId: 'canteen' });
    const { tokens } = await canteen.signIn(mara);
    expect(tokens.access_token).toBeTruthy();
  });

  it('lets a stranger go on who is let in while they look at the page', async () => {
    const party = await again(app);
    const flow = await party.begin();
    const page = await party.browser.submit('#login-form', mara);
    expect(page.status).toBe(403);
    await join(crew);
    const end = await party.browser.open(page.url);
    const { tokens } = await party.finish(flow, end);
    expect(tokens.refresh_token).toBeTruthy();
    await leave(crew);
  });

  it('lets members of a group below in, and ends what they have at their next step when they leave', async () => {
    await join(deck);
    const party = await again(app);
    const { tokens, claims } = await party.signIn(mara);
    const sub = claims.sub as string;
    const flow = await party.begin();
    const code = flow.page.stoppedAt as URL;
    expect(await works(client.fetchUserInfo(party.config, tokens.access_token, sub))).toBe(true);
    const at = await client.tokenIntrospection(party.config, tokens.access_token);
    expect(at.active).toBe(true);

    await leave(deck);
    expect(await works(client.fetchUserInfo(party.config, tokens.access_token, sub))).toBe(false);
    expect((await client.tokenIntrospection(party.config, tokens.access_token)).active).toBe(false);
    const refresh = client.refreshTokenGrant(party.config, tokens.refresh_token ?? '');
    await expect(refresh).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(party.finish(flow, flow.page)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect(code.searchParams.has('code')).toBe(true);

    await join(deck);
    expect(await works(client.refreshTokenGrant(party.config, tokens.refresh_token ?? ''))).toBe(true);
    await leave(deck);
  });

  it('keeps the self API from a stranger to the application', async () => {
    await join(crew);
    await change('/clients/ledger', { scopes: [...base, 'salaries', 'wages', 'view_ss_profile'] });
    const party = await again(app);
    const { tokens } = await party.signIn(mara, { scope: 'openid view_ss_profile' });
    const me = () =>
      fetch(`${server.url}/default/demo/identity/v2/self/me`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
    expect((await me()).status).toBe(200);
    await leave(crew);
    expect((await me()).status).toBe(401);
    await restrict('ledger', []);
  });

  it('leaves a scope out for strangers: of tokens, of refreshed ones, of introspection', async () => {
    const made = await admin.post(`${ADMIN}/scopes`, {
      authorization_server_id: 'demo',
      name: 'wages',
      required_groups: required(),
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const party = await again(app);
    const scope = [...base, 'wages'].join(' ');
    const stranger = await party.signIn(mara, { scope });
    expect(stranger.tokens.scope?.split(' ').sort()).toEqual([...base].sort());

    await join(deck);
    const { tokens } = await party.signIn(mara, { scope });
    expect(tokens.scope?.split(' ')).toContain('wages');
    const refreshed = await client.refreshTokenGrant(party.config, tokens.refresh_token ?? '');
    expect(refreshed.scope?.split(' ')).toContain('wages');

    await leave(deck);
    const after = await client.refreshTokenGrant(
      party.config,
      refreshed.refresh_token ?? tokens.refresh_token ?? '',
    );
    expect(after.scope?.split(' ')).not.toContain('wages');
    const told = await client.tokenIntrospection(party.config, tokens.access_token);
    expect(told.active).toBe(true);
    expect(told.scope?.split(' ')).not.toContain('wages');
  });

  it('asks nobody to consent to a scope that they cannot have', async () => {
    await change('/clients/ledger', { trusted: false });
    const party = await again(app);
    const flow = await party.begin({ scope: 'openid profile wages' });
    const page = await party.browser.submit('#login-form', mara);
    expect(page.body).toContain('id="consent-form"');
    expect(page.body).not.toContain('wages');
    const { tokens } = await party.finish(
      flow,
      await party.browser.submit('#consent-form', {}, '#consent-allow'),
    );
    expect(tokens.scope?.split(' ').sort()).toEqual(['openid', 'profile']);
    await change('/clients/ledger', { trusted: true });
  });

  it('refuses an API to strangers, at every door', async () => {
    const made = await admin.post(`${ADMIN}/services`, {
      authorization_server_id: 'demo',
      id: 'payroll',
      name: 'Payroll',
      custom_audience: payroll,
      required_groups: required(),
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    const salaries = { authorization_server_id: 'demo', name: 'salaries', service_id: 'payroll' };
    expect((await admin.post(`${ADMIN}/scopes`, salaries)).status).toBe(201);
    const party = await again(app);
    const scope = 'openid salaries';
    await party.signIn(mara);
    const refused = await party.begin({ scope, resource: payroll });
    expect(refused.page.stoppedAt?.searchParams.get('error')).toBe('invalid_target');

    await join(crew);
    const flow = await party.begin({ scope, resource: payroll });
    const checks = {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
    };
    const code = flow.page.stoppedAt as URL;
    const got = await client.authorizationCodeGrant(party.config, code, checks, { resource: payroll });
    expect(decodeJwt(got.access_token)).toMatchObject({ aud: payroll, scope: 'salaries' });

    const late = await party.begin({ scope, resource: payroll });
    await leave(crew);
    const lateChecks = {
      pkceCodeVerifier: late.verifier,
      expectedState: late.state,
      expectedNonce: late.nonce,
    };
    const exchange = client.authorizationCodeGrant(party.config, late.page.stoppedAt as URL, lateChecks, {
      resource: payroll,
    });
    await expect(exchange).rejects.toMatchObject({ error: 'invalid_target' });
    const refresh = client.refreshTokenGrant(party.config, got.refresh_token ?? '', { resource: payroll });
    await expect(refresh).rejects.toMatchObject({ error: 'invalid_target' });
    // Without the API, what they have goes on.
    expect(await works(client.refreshTokenGrant(party.config, got.refresh_token ?? ''))).toBe(true);
  });

  it('keeps a group that something requires, and names what does', async () => {
    await restrict('ledger', required());
    const answer = await admin.delete(`${POOLS}/${pool}/groups/${crew}`);
    expect(answer.status).toBe(409);
    expect(answer.body.details).toMatchObject([
      { kind: 'client', id: 'ledger', authorization_server_id: 'demo' },
      { kind: 'scope', name: 'wages' },
      { kind: 'service', id: 'payroll', message: 'the service Payroll (payroll) of the workspace demo' },
    ]);
    for (const { message } of answer.body.details) expect(answer.body.error).toContain(message);
    expect((await admin.get(`${POOLS}/${pool}/groups/${deck}`)).status).toBe(200);
    // One that only lies below may go.
    expect((await admin.delete(`${POOLS}/${pool}/groups/${deck}`)).status).toBe(204);
  });

  it('refuses groups that are not there, or of pools that are not connected', async () => {
    const elsewhere = await admin.post(POOLS, { name: 'Elsewhere' });
    const group = await admin.post(`${POOLS}/${elsewhere.body.id}/groups`, { name: 'x' });
    const { body } = await admin.get(`${ADMIN}/clients/canteen`);
    const put = (identity_pool_id: string, group_id: string) =>
      admin.put(`${ADMIN}/clients/canteen`, { ...body, required_groups: [{ identity_pool_id, group_id }] });
    for (const answer of [await put(pool, 'nothing'), await put(elsewhere.body.id, group.body.id)]) {
      expect(answer.status).toBe(422);
      expect(answer.body.details).toMatchObject([{ pointer: '/required_groups/0' }]);
    }
  });

  it('costs no statement: a sign-in of a member is as short as any other', async () => {
    await join(crew);
    const count = async (clientId: string) => {
      const party = await RelyingParty.discover({ ...app.options, clientId, clientSecret: secret });
      await party.signIn(mara);
      const fresh = await again(party);
      const log = watchStatements();
      const { statements } = await log.during(async () => {
        const { tokens, claims } = await fresh.signIn(mara);
        await client.fetchUserInfo(fresh.config, tokens.access_token, claims.sub as string);
      });
      log.stop();
      return statements.length;
    };
    expect(await count('ledger')).toBe(await count('canteen'));
  });

  it('names nothing that the caller may not see', async () => {
    const { id: clientId, clientSecret = '' } = await server.domain.clients.create(
      { tenantId: 'default', workspaceId: 'admin' },
      { grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    const role = { resourceType: 'identity_pool', resourceId: pool, role: 'user_manager' } as const;
    const subject = { subjectType: 'client', subjectId: clientId } as const;
    await server.domain.roles.grant({ tenantId: 'default' }, { ...role, ...subject }, SYSTEM_ACTOR);
    const manager = server.api('default', { clientId, clientSecret });
    const answer = await manager.delete(`${POOLS}/${pool}/groups/${crew}`);
    expect(answer).toMatchObject({ status: 409, body: { error_code: 'group_required', details: [] } });
    expect(answer.body.error).toMatch(/: what you may not see$/);
  });

  it('keeps what leads to the group, and whatever else is in use, and names what uses it', async () => {
    const inUse = async (path: string, code: string, ...ids: string[]) => {
      const answer = await admin.delete(path);
      expect(answer).toMatchObject({ status: 409, body: { error_code: code } });
      const named = (answer.body.details as { id: string }[]).map(({ id }) => id);
      expect(named).toEqual(ids);
    };
    const connections = await admin.get(`${ADMIN}/servers/demo/idps`);
    const users = ['ledger', expect.any(String) as string, 'payroll'];
    await inUse(`${ADMIN}/servers/demo/idps/${connections.body.idps[0].id}`, 'group_required', ...users);
    await inUse(`${POOLS}/${pool}`, 'pool_in_use', 'demo');
    await inUse(`${POOLS}/${pool}?with_idp=true`, 'group_required', ...users);
    await change('/services/payroll', { client_id: 'canteen' });
    await inUse(`${ADMIN}/clients/canteen`, 'in_use', 'payroll');
    await change('/services/payroll', { client_id: '' });

    const { body } = await admin.get(`${ADMIN}/servers/demo`);
    const narrowed = { ...body, grant_types: ['authorization_code'] };
    const answer = await admin.put(`${ADMIN}/servers/demo`, narrowed);
    expect(answer).toMatchObject({ status: 409, body: { error_code: 'in_use' } });
    expect(answer.body.error).toContain('refresh_token');
    expect(answer.body.details).toContainEqual(expect.objectContaining({ kind: 'client', id: 'ledger' }));
  });
});
