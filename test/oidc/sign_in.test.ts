import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_CLIENT_SECRET } from '../../src/installation/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const person = { identifier: 'mara@example.test', password: 'quiet otter crosses river' };

describe('signing in to the demo application', () => {
  let server: TestServer;
  let app: RelyingParty;

  beforeAll(async () => {
    server = await startTestServer();
    app = await RelyingParty.discover({
      issuer: server.issuer,
      clientId: 'demo-app',
      clientSecret: DEMO_CLIENT_SECRET,
      redirectUri: `http://localhost:${server.config.demoPort}/callback`,
    });
  });
  afterAll(() => server.stop());

  test('a standard client and a person with a browser get through', async () => {
    const { tokens, claims } = await app.signIn(person);
    expect(claims).toMatchObject({
      iss: server.issuer,
      name: 'Mara Linde',
      email: 'mara@example.test',
      email_verified: true,
      amr: ['pwd'],
    });

    const userinfo = await client.fetchUserInfo(app.config, tokens.access_token, claims.sub as string);
    expect(userinfo).toMatchObject({ sub: claims.sub, given_name: 'Mara', family_name: 'Linde' });

    const refreshed = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
    expect(refreshed.access_token).not.toBe(tokens.access_token);

    const introspected = await client.tokenIntrospection(app.config, refreshed.access_token);
    expect(introspected).toMatchObject({ active: true, sub: claims.sub, client_id: 'demo-app' });

    await client.tokenRevocation(app.config, tokens.refresh_token ?? '');
    await expect(client.refreshTokenGrant(app.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});
