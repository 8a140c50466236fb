import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addWorkspace, mara, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { client, type RelyingParty, type SignedIn } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const other = { identifier: 'otto@example.test', password: 'a long enough password' };

describe('two workspaces', () => {
  let server: TestServer;
  let first: RelyingParty;
  let second: RelyingParty;
  let signedIn: SignedIn;

  beforeAll(async () => {
    server = await startTestServer();
    await addWorkspace(server.elsewhere, 'second', other);
    first = await relyingParty(server, { clientId: 'first-app' });
    second = await relyingParty(server, { workspaceId: 'second', clientId: 'second-app' });
    signedIn = await first.signIn(mara);
  });
  afterAll(() => server.stop());

  test('a standard client completes code flow, refresh, userinfo, introspection and logout against both', async () => {
    for (const [app, person] of [
      [first, mara],
      [second, other],
    ] as const) {
      const { tokens, claims } = await app.signIn(person, { prompt: 'login' });
      const refreshed = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
      await client.fetchUserInfo(app.config, refreshed.access_token, claims.sub as string);
      const introspected = await client.tokenIntrospection(app.config, refreshed.access_token);
      expect(introspected).toMatchObject({ active: true, iss: app.options.issuer });
      const logout = client.buildEndSessionUrl(app.config, {
        id_token_hint: tokens.id_token ?? '',
        post_logout_redirect_uri: 'https://app.example.test/',
        state: 'bye',
      });
      const end = await app.browser.open(logout);
      expect(end.stoppedAt?.href).toBe('https://app.example.test/?state=bye');
      const silent = await app.begin({ prompt: 'none' });
      expect(silent.page.stoppedAt?.searchParams.get('error')).toBe('login_required');
      await expect(
        client.refreshTokenGrant(app.config, refreshed.refresh_token ?? tokens.refresh_token ?? ''),
      ).rejects.toMatchObject({ error: 'invalid_grant' });
    }
    signedIn = await first.signIn(mara);
  });

  test('tokens of one are refused by the other', async () => {
    const { tokens } = signedIn;
    const userinfo = await fetch(`${second.options.issuer}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(userinfo.status).toBe(401);
    const introspected = await client.tokenIntrospection(second.config, tokens.access_token);
    expect(introspected).toEqual({ active: false });
    await expect(client.refreshTokenGrant(second.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    // Unharmed by the attempts of somebody else.
    await client.refreshTokenGrant(first.config, tokens.refresh_token ?? '');
  });

  test('tokens and codes of one client are refused to another of the same workspace', async () => {
    const neighbour = await relyingParty(server, { clientId: 'neighbour' });
    expect(await client.tokenIntrospection(neighbour.config, signedIn.tokens.access_token)).toEqual({
      active: false,
    });
    await expect(
      client.refreshTokenGrant(neighbour.config, signedIn.tokens.refresh_token ?? ''),
    ).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('the session of one is none in the other, even with its cookie carried over', async () => {
    const thief = second.browser.clone();
    for (const cookie of first.browser.cookies.all()) {
      thief.cookies.put({ ...cookie, path: cookie.path.replace('/default/demo', '/default/second') });
    }
    const page = await thief.open(
      `${second.options.issuer}/oauth2/authorize?${new URLSearchParams({
        client_id: 'second-app',
        redirect_uri: second.options.redirectUri,
        response_type: 'code',
        scope: 'openid',
        prompt: 'none',
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
      }).toString()}`,
    );
    expect(page.stoppedAt?.searchParams.get('error')).toBe('login_required');
  });

  test('a person of a pool that is not connected cannot sign in', async () => {
    const app = await relyingParty(server, { clientId: 'closed-door' });
    await app.begin();
    const page = await app.browser.submit('#login-form', other);
    expect(page.stoppedAt).toBeUndefined();
    expect(page.document.query('#login-form')).toBeDefined();
  });

  test('keys are their own', async () => {
    const kids = async (issuer: string) => {
      const response = await fetch(`${issuer}/.well-known/jwks.json`);
      const { keys } = (await response.json()) as { keys: { kid: string; alg: string; d?: string }[] };
      expect(keys.map((key) => key.alg).sort()).toEqual(['ES256', 'RS256']);
      expect(keys.every((key) => key.d === undefined)).toBe(true);
      return keys.map((key) => key.kid);
    };
    const [one, two] = [await kids(first.options.issuer), await kids(second.options.issuer)];
    expect(one.filter((kid) => two.includes(kid))).toEqual([]);
  });

  test('the kind of key that a workspace prefers signs its ID tokens', async () => {
    const tenant = { tenantId: 'default' };
    await server.elsewhere.workspaces.create(
      tenant,
      { id: 'curves', name: 'Curves', keyType: 'ecdsa' },
      SYSTEM_ACTOR,
    );
    const connection = { poolId: 'demo-users', name: 'People' };
    await server.elsewhere.connections.create({ ...tenant, workspaceId: 'curves' }, connection, SYSTEM_ACTOR);
    const app = await relyingParty(server, { workspaceId: 'curves' });
    const { tokens } = await app.signIn(mara);
    const [encodedHeader = ''] = tokens.id_token?.split('.') ?? [];
    const header = JSON.parse(Buffer.from(encodedHeader, 'base64url').toString()) as object;
    expect(header).toMatchObject({ alg: 'ES256' });
  });

  test('an unknown workspace is the same 404 as an unknown tenant', async () => {
    const answers = await Promise.all(
      ['/default/nowhere', '/nobody/demo', '/Default/demo', '/default/demo%2f'].map(async (path) => {
        const response = await fetch(`${server.publicUrl}${path}/.well-known/openid-configuration`);
        return [response.status, ((await response.json()) as { error: string }).error];
      }),
    );
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(answers[0]?.[0]).toBe(404);
  });
});
