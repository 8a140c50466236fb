import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_CLIENT_SECRET } from '../../src/installation/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type StatementLog, watchStatements } from '../support/statements.ts';

const person = { identifier: 'mara@example.test', password: 'quiet otter crosses river' };

const ofStore = (statements: string[]) => statements.filter((name) => name.startsWith('artefact-'));

/** Design 4.13, counted at the connection and through HTTP. */
describe('statements that reach the database', () => {
  let server: TestServer;
  let log: StatementLog;
  let app: RelyingParty;

  beforeAll(async () => {
    server = await startTestServer();
    const redirectUri = `http://localhost:${server.config.demoPort}/callback`;
    app = await RelyingParty.discover({
      issuer: server.issuer,
      clientId: 'demo-app',
      clientSecret: DEMO_CLIENT_SECRET,
      redirectUri,
    });
    // Connections open and clients are loaded before anything is counted.
    await (await fresh()).signIn(person);
    log = watchStatements();
  });
  afterAll(async () => {
    log.stop();
    await server.stop();
  });

  const fresh = async () => RelyingParty.discover(app.options);

  test('a full sign-in with token and userinfo: 10 of the store, 3 of the domain', async () => {
    const party = await fresh();
    const { statements } = await log.during(async () => {
      const { tokens, claims } = await party.signIn(person);
      await client.fetchUserInfo(party.config, tokens.access_token, claims.sub as string);
    });
    expect(ofStore(statements)).toHaveLength(10);
    expect(statements).toHaveLength(13);
  });

  test('SSO: 3', async () => {
    const party = await fresh();
    await party.signIn(person);
    const { statements, result } = await log.during(() => party.begin({ prompt: 'none' }));
    expect(result.page.stoppedAt?.searchParams.get('code')).toBeTruthy();
    expect(statements).toHaveLength(3);
  });

  test('refresh, userinfo, introspection', async () => {
    const party = await fresh();
    const { tokens, claims } = await party.signIn(person);
    const refresh = await log.during(() =>
      client.refreshTokenGrant(party.config, tokens.refresh_token ?? ''),
    );
    expect(refresh.statements).toHaveLength(2);
    const userinfo = await log.during(() =>
      client.fetchUserInfo(party.config, tokens.access_token, claims.sub as string),
    );
    expect(userinfo.statements).toHaveLength(1);
    const introspection = await log.during(() =>
      client.tokenIntrospection(party.config, tokens.access_token),
    );
    expect(introspection.statements).toHaveLength(1);
  });

  test('refresh with rotation: 3', async () => {
    const { clientSecret: _none, ...options } = app.options;
    const party = await RelyingParty.discover({ ...options, clientId: 'demo-spa' });
    const flow = await party.begin();
    await party.browser.submit('#login-form', person);
    const end = await party.browser.submit('#consent-form', {}, '#consent-allow');
    const { tokens } = await party.finish(flow, end);
    const { statements } = await log.during(() =>
      client.refreshTokenGrant(party.config, tokens.refresh_token ?? ''),
    );
    expect(statements).toHaveLength(3);
  });

  test('client credentials as JWT, discovery and JWKS: none', async () => {
    const management = await RelyingParty.discover({
      issuer: `${server.publicUrl}/default/admin`,
      clientId: server.credentials?.managementClient?.id ?? '',
      clientSecret: server.credentials?.managementClient?.secret ?? '',
      redirectUri: 'http://localhost:9/none',
    });
    await client.clientCredentialsGrant(management.config);
    const { statements, result } = await log.during(async () => {
      const tokens = await client.clientCredentialsGrant(management.config);
      await fetch(`${server.issuer}/.well-known/openid-configuration`);
      await fetch(`${server.issuer}/.well-known/jwks.json`);
      return tokens;
    });
    expect(result.access_token.split('.')).toHaveLength(3);
    expect(statements).toEqual([]);
  });
});
