import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callback, relyingParty } from '../support/demo.ts';
import type { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

describe('an authorization request that says a parameter twice', () => {
  let server: TestServer;
  let app: RelyingParty;
  beforeAll(async () => {
    server = await startTestServer();
    app = await relyingParty(server, { clientId: 'app' });
  });
  afterAll(() => server.stop());

  const request = {
    client_id: 'app',
    redirect_uri: callback,
    response_type: 'code',
    state: 'of the application',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  };

  test.each([
    ['resource', 'https://one.example.test/', 'https://two.example.test/', 'invalid_target'],
    ['resource', 'not a URI', 'https://two.example.test/', 'invalid_target'],
    ['scope', 'openid', 'openid profile', 'invalid_request'],
    ['nonce', 'a', 'a', 'invalid_request'],
  ])('%s: %s and %s', async (name, one, two, error) => {
    const fields = { scope: 'openid', ...request, [name]: one };
    const url = new URL(`${server.issuer}/oauth2/authorize`);
    const query = new URLSearchParams(fields);
    query.append(name, two);

    const byGet = await app.browser.clone().open(`${url.href}?${query.toString()}`);
    const byPost = await app.browser.clone().post(url, fields, { extra: [[name, two]] });

    expect(byPost.stoppedAt?.href).toBe(byGet.stoppedAt?.href);
    expect(byPost.stoppedAt?.searchParams.get('error')).toBe(error);
    expect(byPost.stoppedAt?.searchParams.get('state')).toBe(request.state);
  });

  test('a form of more than 128 fields is still refused', async () => {
    const extra = Array.from({ length: 128 }, () => ['resource', 'https://one.example.test/'] as const);
    const page = await app.browser.clone().post(`${server.issuer}/oauth2/authorize`, request, { extra });
    expect(page.status).toBe(400);
  });
});
