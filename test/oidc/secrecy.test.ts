import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mara, relyingParty, secret } from '../support/demo.ts';
import { client } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** Design 3: nothing in a table can be presented as a credential. */
describe('the tables after a full run', () => {
  let server: TestServer;
  const wire = new Map<string, string>();
  const seen = (what: string, value: string | null | undefined) => {
    if (value !== null && value !== undefined && value.length >= 12) wire.set(value, what);
  };

  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  test('hold no cookie, code, token, secret or password that travelled', async () => {
    for (const tokenEndpointAuthMethod of ['client_secret_basic', 'none'] as const) {
      const app = await relyingParty(server, { tokenEndpointAuthMethod, trusted: false });
      const verifier = client.randomPKCECodeVerifier();
      const pushed = await client.buildAuthorizationUrlWithPAR(app.config, {
        redirect_uri: app.options.redirectUri,
        scope: 'openid profile email',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      seen('request_uri', pushed.searchParams.get('request_uri')?.split(':').at(-1));
      const signInPage = await app.browser.open(pushed);
      seen('interaction', signInPage.url.pathname.split('/')[4]);
      seen(
        'form token',
        signInPage.document.form('#login-form').fields.find(({ name }) => name === 'csrf')?.value,
      );
      const consent = await app.browser.submit('#login-form', mara);
      seen('second interaction', consent.url.pathname.split('/')[4]);
      const end = await app.browser.submit('#consent-form', {}, '#consent-allow');
      for (const cookie of app.browser.cookies.all()) seen(`cookie ${cookie.name}`, cookie.value);
      const code = end.stoppedAt as URL;
      seen('code', code.searchParams.get('code'));
      const tokens = await client.authorizationCodeGrant(app.config, code, { pkceCodeVerifier: verifier });
      seen('access token', tokens.access_token);
      seen('refresh token', tokens.refresh_token);
      seen('ID token', tokens.id_token);
      const next = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
      seen('refreshed access token', next.access_token);
      seen('rotated refresh token', next.refresh_token);
      // Hints are proof of who somebody is; a pending request must not keep them.
      await app.begin({ prompt: 'login', id_token_hint: tokens.id_token ?? '' });
      const logout = await app.browser.open(`${server.issuer}/oidc/logout`);
      seen(
        'logout form',
        logout.document.form('#logout-confirm').fields.find(({ name }) => name === 'xsrf')?.value,
      );
      seen('verifier', verifier);
    }
    seen('client secret', secret);
    seen('management secret', server.credentials?.managementClient?.secret);
    seen('administrator password', server.credentials?.administrator?.password);
    seen('password', mara.password);
    expect(wire.size).toBeGreaterThan(25);

    const { rows: tables } = await server.db.knex.raw<{ rows: { name: string }[] }>(
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await server.db.knex.raw<{ rows: { row: string }[] }>(
        `SELECT t::text AS row FROM ${name} t`,
      );
      const text = rows.map(({ row }) => row).join('\n');
      for (const [value, what] of wire) if (text.includes(value)) found.push(`${what} in ${name}`);
    }
    expect(found).toEqual([]);
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['tokens', 'sessions', 'flow_state']),
    );
  });
});
