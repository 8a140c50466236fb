import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson, mara, relyingParty } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const nour = { identifier: 'nour@example.test', password: 'a long enough password' };

describe('two people at one browser', () => {
  let server: TestServer;
  let app: RelyingParty;
  let other: RelyingParty;
  let nourId: string;
  beforeAll(async () => {
    server = await startTestServer();
    nourId = await addPerson(server.elsewhere, 'demo-users', nour);
  });
  afterAll(() => server.stop());

  /** Two tabs of one browser, with an application each. */
  async function twoTabs() {
    app = await relyingParty(server);
    const second = await relyingParty(server);
    other = await RelyingParty.discover(second.options, app.browser);
  }

  test('the tab that is finished last is who is signed in; the other one is signed out', async () => {
    await twoTabs();
    const flow = await app.begin();
    const { action, fields } = flow.page.document.form('#login-form');
    const { tokens: maras } = await other.signIn(mara);

    const filled = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
    const end = await app.browser.post(
      action,
      { ...filled, ...nour },
      { headers: { origin: server.publicUrl } },
    );
    const { claims } = await app.finish(flow, end);
    expect(claims.sub).toBe(nourId);
    expect(
      (await other.begin({ prompt: 'none', id_token_hint: maras.id_token ?? '' })).page.stoppedAt?.search,
    ).toContain('error=login_required');
    await expect(client.refreshTokenGrant(other.config, maras.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('an application that expects one of them does not get the other', async () => {
    await twoTabs();
    const { tokens } = await app.signIn(mara);
    app.browser.cookies.clear();

    const hint = { id_token_hint: tokens.id_token ?? '' };
    await app.begin(hint);
    const refused = await app.browser.submit('#login-form', nour);
    expect(refused.stoppedAt?.searchParams.get('error')).toBe('login_required');
    expect(refused.stoppedAt?.searchParams.has('code')).toBe(false);
    expect((await app.begin({ prompt: 'none' })).page.stoppedAt?.search).toContain('error=login_required');

    const { claims } = await app.signIn(mara, hint);
    expect(claims.sub).toBe(tokens.claims()?.sub);
  });
});
