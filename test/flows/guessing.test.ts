import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson, relyingParty } from '../support/demo.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const password = 'a long enough password';

describe('guessing', () => {
  let server: TestServer;
  let app: RelyingParty;

  beforeAll(async () => {
    server = await startTestServer();
    app = await relyingParty(server, { clientId: 'target' });
  });
  afterAll(() => server.stop());

  const person = async (name: string) => {
    await addPerson(server.elsewhere, 'demo-users', { identifier: `${name}@example.test`, password });
    return { identifier: `${name}@example.test`, password };
  };

  /** Another machine's browser on the sign-in form of the same application. */
  async function from(localAddress: string) {
    const browser = RelyingParty.browserFor(app.options).clone({ localAddress });
    return RelyingParty.discover(app.options, browser);
  }

  test('after five wrong guesses the right one does not help either, on any browser', async () => {
    const it = await person('five');
    const guesser = await from('127.0.1.1');
    await guesser.begin();
    for (let i = 0; i < 5; i += 1) {
      await guesser.browser.submit('#login-form', { ...it, password: `wrong ${i}` });
    }
    const right = await guesser.browser.submit('#login-form', it);
    expect(right.stoppedAt).toBeUndefined();
    const elsewhere = await from('127.0.1.2');
    await elsewhere.begin();
    expect((await elsewhere.browser.submit('#login-form', it)).stoppedAt).toBeUndefined();
  });

  test('fifty at once: five are evaluated at most, and the sixth right one is refused', async () => {
    const it = await person('fifty');
    const guesser = await from('127.0.2.1');
    const { page } = await guesser.begin();
    const tabs = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const tab = guesser.browser.tab();
        await tab.open(page.url);
        return tab;
      }),
    );
    await Promise.all(tabs.map((tab, i) => tab.submit('#login-form', { ...it, password: `wrong ${i}` })));
    const { rows } = await server.db.knex.raw<{ rows: { tries: number }[] }>(
      `SELECT max(tries)::int AS tries FROM attempts WHERE blocked_until > now()`,
    );
    expect(rows[0]?.tries).toBe(5);
    const fresh = await from('127.0.2.2');
    await fresh.begin();
    expect((await fresh.browser.submit('#login-form', it)).stoppedAt).toBeUndefined();
  });

  test("a stranger's thousand wrong guesses do not lock out the owner's remembered browser", async () => {
    const it = await person('owner');
    const owner = await from('127.0.3.1');
    await owner.signIn(it);

    const stranger = await from('127.0.3.2');
    const { page: form } = await stranger.begin();
    const { action, fields } = form.document.form('#login-form');
    const csrf = fields.find(({ name }) => name === 'csrf')?.value ?? '';
    let told = 0;
    for (let i = 0; i < 1000; i += 1) {
      const guess = { identifier: it.identifier, password: `wrong ${i}`, csrf };
      const page = await stranger.browser.post(action, guess, {
        headers: { 'sec-fetch-site': 'same-origin' },
      });
      if (page.status === 429) told += 1;
    }
    // Its source is told when to come back; that says nothing about the person.
    expect(told).toBeGreaterThan(800);

    const again = await owner.signIn(it, { prompt: 'login' });
    expect(again.claims.email ?? again.claims.sub).toBeTruthy();
    const other = await from('127.0.3.3');
    await other.begin();
    expect((await other.browser.submit('#login-form', it)).stoppedAt).toBeUndefined();
  }, 60_000);

  test('a forwarding header does not make one source many', async () => {
    const it = await person('forwarded');
    const guesser = await from('127.0.4.1');
    await guesser.begin();
    for (let i = 0; i < 6; i += 1) {
      await guesser.browser.submit('#login-form', { ...it, password: 'wrong' }, undefined, {
        headers: { 'x-forwarded-for': `10.0.0.${i}` },
      });
    }
    expect((await guesser.browser.submit('#login-form', it)).stoppedAt).toBeUndefined();
  });
});
