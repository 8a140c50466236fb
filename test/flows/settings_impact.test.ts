import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { eventually } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { startSmtpSink, type SmtpSink } from '../support/smtp_sink.ts';

const workspaceId = 'shop';
const poolId = `${workspaceId}-people`;
const scope = { tenantId: 'default', poolId };
const password = 'quiet otter crosses river';
const next = 'a heron waits in the reeds';

let server: TestServer;
let sink: SmtpSink;

beforeAll(async () => {
  sink = await startSmtpSink();
  server = await startTestServer({
    SOURCE_ATTEMPT_LIMIT: '100000',
    SMTP_URL: sink.url,
    MAIL_FROM: 'Weir <id@mail.example.test>',
  });
  await addWorkspace(server.elsewhere, workspaceId);
  await change({ publicRegistrationAllowed: true, authenticationMechanisms: ['password', 'email_otp'] });
});
afterAll(async () => {
  await server.stop();
  await sink.close();
});

async function change(settings: object): Promise<void> {
  const before = await server.elsewhere.pools.get(scope);
  await server.elsewhere.pools.update(scope, { ...before, ...settings }, SYSTEM_ACTOR);
}

/** Somebody at the application, in a browser of their own. */
async function visitor() {
  const app = await relyingParty(server, { workspaceId });
  return { app, flow: await app.begin(), browser: app.browser };
}

/** The newest of `least` mails at least, as the mail server got it: code and link. */
async function mailTo(to: string, least = 1): Promise<{ code: string; link: string }> {
  const mail = await eventually(async () => {
    const mails = sink.mails.filter(({ recipients }) => recipients.includes(to));
    return mails.length >= least ? mails.at(-1) : undefined;
  });
  return {
    code: /(?<!\d)\d{6}(?!\d)/.exec(mail.text)?.[0] ?? '',
    link: /https?:\/\/\S+code=\S+/.exec(mail.text)?.[0] ?? '',
  };
}

const twice = (text: string) => ({ new_password: text, new_password_repeat: text });
const details = (name: string) => ({
  'payload.name': name,
  'payload.given_name': name,
  'payload.family_name': 'Linde',
});
const codeLink = '#use-email_otp';

/** Everything that an end user of a pool meets, in one go. */
describe('people of a pool whose settings change', () => {
  test('register, are invited, sign in by password and by code, and meet what an administrator changes', async () => {
    const mara = 'mara@example.test';
    const first = await visitor();
    await first.browser.follow('#register-link');
    await first.browser.submit('#register-form', {
      identifier: mara,
      ...details('Mara'),
      credential: 'password',
      ...twice(password),
    });
    const registered = await first.browser.submit('#code-form', { code: (await mailTo(mara)).code });
    const { claims } = await first.app.finish(first.flow, registered);

    const byPassword = await visitor();
    const signedIn = await byPassword.browser.submit('#login-form', { identifier: mara, password });
    expect((await byPassword.app.finish(byPassword.flow, signedIn)).claims.sub).toBe(claims.sub);

    const byCode = await visitor();
    await byCode.browser.follow(codeLink);
    await byCode.browser.submit('#login-form', { identifier: mara });
    const typed = await byCode.browser.submit('#code-form', { code: (await mailTo(mara, 2)).code });
    const coded = await byCode.app.finish(byCode.flow, typed);
    expect(coded.claims).toMatchObject({ sub: claims.sub, amr: ['otp'] });

    const jonas = 'jonas@example.test';
    const invited = await server.elsewhere.users.create(
      scope,
      {
        status: 'new',
        identifiers: [{ type: 'email', identifier: jonas }],
        addresses: [{ type: 'email', address: jonas, verified: false, status: 'active' }],
      },
      SYSTEM_ACTOR,
    );
    const message = { form: 'link', workspaceId, by: SYSTEM_ACTOR, source: undefined } as const;
    await server.elsewhere.activationMessages.send({ ...scope, userId: invited.id }, message);
    const guest = await visitor();
    await guest.browser.open((await mailTo(jonas)).link);
    await guest.browser.submit('#activate-form');
    const active = await guest.browser.submit('#activate-form', { ...details('Jonas'), ...twice(password) });
    expect(active.document.query('[data-done=activated]')).toBeDefined();

    // An administrator wants a new password of him.
    const person = { ...scope, userId: invited.id };
    await server.elsewhere.passwords.setState(person, 'must_be_changed', SYSTEM_ACTOR);
    const forced = await visitor();
    await forced.browser.submit('#login-form', { identifier: jonas, password });
    const changed = await forced.browser.submit('#new-password-form', twice(next));
    expect((await forced.app.finish(forced.flow, changed)).claims.sub).toBe(invited.id);

    // Codes and registration are switched off, under the eyes of people who are in the middle of both.
    const half = await visitor();
    await half.browser.follow(codeLink);
    await half.browser.submit('#login-form', { identifier: mara });
    const { code } = await mailTo(mara, 3);
    const late = await visitor();
    await late.browser.follow('#register-link');
    await change({ publicRegistrationAllowed: false, authenticationMechanisms: ['password'] });
    await expect
      .poll(async () => (await visitor()).browser.document.query('#register-link'), { timeout: 5_000 })
      .toBeUndefined();
    const refused = await half.browser.submit('#code-form', { code });
    expect(refused.stoppedAt).toBeUndefined();
    const form = { identifier: 'late@example.test', ...details('Late'), ...twice(password) };
    const closed = await late.browser.submit('#register-form', form);
    expect(closed.document.query('#closed-page')).toBeDefined();

    const after = await visitor();
    expect(after.browser.document.query(codeLink)).toBeUndefined();
    const end = await after.browser.submit('#login-form', { identifier: mara, password });
    expect((await after.app.finish(after.flow, end)).claims.sub).toBe(claims.sub);
  });
});
