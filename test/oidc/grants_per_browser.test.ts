import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mara, relyingParty } from '../support/demo.ts';
import { client, RelyingParty, type SignedIn } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

/** A person consents once; what ends in one of their browsers leaves the others alone. */
describe('one person, one application, two browsers', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  type Seat = { app: RelyingParty; signedIn: SignedIn };

  /** Consent is given in the first browser; in the second none is asked, or `signIn` would fail. */
  async function twoBrowsers(): Promise<[Seat, Seat]> {
    const app = await relyingParty(server, { trusted: false });
    const flow = await app.begin();
    await app.browser.submit('#login-form', mara);
    const end = await app.browser.submit('#consent-form', {}, '#consent-allow');
    const first = { app, signedIn: await app.finish(flow, end) };
    const other = await RelyingParty.discover(app.options);
    return [first, { app: other, signedIn: await other.signIn(mara) }];
  }

  const refresh = ({ app, signedIn }: Seat) =>
    client.refreshTokenGrant(app.config, signedIn.tokens.refresh_token ?? '');

  async function expectUntouched(seat: Seat): Promise<void> {
    const { app, signedIn } = seat;
    expect((await refresh(seat)).scope).toBe('openid profile email');
    await client.fetchUserInfo(app.config, signedIn.tokens.access_token, signedIn.claims.sub as string);
    const silent = await app.begin({ prompt: 'none' });
    expect(silent.page.stoppedAt?.searchParams.has('code')).toBe(true);
  }

  test.each([
    ['first', 0, 1],
    ['second', 1, 0],
  ] as const)('a revocation in the %s ends nothing in the other', async (_name, here, there) => {
    const seats = await twoBrowsers();
    const { app, signedIn } = seats[here];
    await client.tokenRevocation(app.config, signedIn.tokens.refresh_token ?? '');
    await expect(refresh(seats[here])).rejects.toMatchObject({ error: 'invalid_grant' });
    await expectUntouched(seats[there]);
  });

  test.each([
    ['first', 0, 1],
    ['second', 1, 0],
  ] as const)('a logout in the %s ends nothing in the other', async (_name, here, there) => {
    const seats = await twoBrowsers();
    const { app, signedIn } = seats[here];
    await app.browser.open(
      client.buildEndSessionUrl(app.config, { id_token_hint: signedIn.tokens.id_token ?? '' }),
    );
    await expect(refresh(seats[here])).rejects.toMatchObject({ error: 'invalid_grant' });
    await expectUntouched(seats[there]);
  });

  test('a code that comes again in one ends nothing in the other', async () => {
    const [first, second] = await twoBrowsers();
    const flow = await first.app.begin();
    if (!flow.page.stoppedAt) throw new Error('no SSO');
    await first.app.finish(flow, flow.page);
    await expect(first.app.finish(flow, flow.page)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(refresh(first)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expectUntouched(second);
  });

  test('a refusal in one ends nothing in the other', async () => {
    const [first, second] = await twoBrowsers();
    await second.app.begin({ prompt: 'consent' });
    const end = await second.app.browser.submit('#consent-form', {}, '#consent-deny');
    expect(end.stoppedAt?.searchParams.get('error')).toBe('access_denied');
    await expectUntouched(first);
    await expectUntouched(second);
  });
});
