import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser, type Page } from '../support/browser_without_javascript.ts';
import { addPerson, addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { latestMessage, messagesTo } from '../support/mailbox.ts';
import type { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { makePasskey } from '../support/sign_in.ts';
import { SoftwareAuthenticator } from '../support/software_authenticator.ts';
import { type StatementLog, watchStatements } from '../support/statements.ts';

const tenant = { tenantId: 'default' };
const password = 'quiet otter crosses river';
const next = 'a heron waits in the reeds';
const workspaceId = 'journeys';
const poolId = `${workspaceId}-people`;

let server: TestServer;
let log: StatementLog;
let app: RelyingParty;

beforeAll(async () => {
  server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  await addWorkspace(server.elsewhere, workspaceId);
  app = await relyingParty(server, { workspaceId, clientName: 'Harbour Books' });
  log = watchStatements();
});
afterAll(async () => {
  log.stop();
  await server.stop();
});

const browser = () => new Browser({ origin: server.publicUrl });
const page = (name: string) => `/default/identity/${poolId}/${name}?server_id=${workspaceId}`;
const by = { form: 'link', workspaceId, by: SYSTEM_ACTOR, source: undefined } as const;

/** Somebody whom an administrator has entered, and to whom a message went. */
async function invite(address: string, postActivationUrl?: string): Promise<{ id: string; link: string }> {
  const scope = { ...tenant, poolId };
  const { id } = await server.elsewhere.users.create(
    scope,
    {
      status: 'new',
      payload: { given_name: 'Ada' },
      identifiers: [{ type: 'email', identifier: address }],
      addresses: [{ type: 'email', address, verified: false, status: 'active' }],
    },
    SYSTEM_ACTOR,
  );
  await server.elsewhere.activationMessages.send({ ...scope, userId: id }, { ...by, postActivationUrl });
  return { id, link: (await latestMessage(server, address)).link ?? '' };
}

async function person(address: string): Promise<string> {
  const id = await addPerson(server.elsewhere, poolId, { identifier: address, password });
  await server.elsewhere.addresses.add(
    { ...tenant, poolId, userId: id },
    { type: 'email', address, verified: true, status: 'active' },
    SYSTEM_ACTOR,
  );
  return id;
}

const statusOf = async (userId: string) =>
  (await server.elsewhere.users.get({ ...tenant, poolId, userId })).status;
const account = { 'payload.name': 'Ada L', 'payload.family_name': 'Lovelace' };
const twice = (text: string) => ({ new_password: text, new_password_repeat: text });

async function signIn(identifier: string, given: string): Promise<Page> {
  const fresh = await relyingParty(server, { workspaceId });
  await fresh.begin();
  return fresh.browser.submit('#login-form', { identifier, password: given });
}

describe('an invitation', () => {
  test('is accepted by its link: asks for what is missing, and the person can sign in', async () => {
    const { id, link } = await invite('ada@example.test', 'https://books.example.test/welcome');
    const visitor = browser();
    for (let opened = 0; opened < 2; opened += 1) {
      const shown = await visitor.open(link);
      expect(shown.status).toBe(200);
      expect(shown.headers['referrer-policy']).toBe('no-referrer');
      expect(shown.document.text).not.toMatch(/ada/i);
    }
    expect(await statusOf(id)).toBe('new');

    const form = await visitor.submit('#activate-form');
    expect(form.url.href).not.toContain('code=');
    expect(form.body).not.toContain(new URL(link).searchParams.get('code'));
    expect(form.body).toMatch(/id="sign-in-name"[^>]*value="ada@example.test"/);
    expect(form.document.text).toContain('Characters, at least: 8');
    // Given by the administrator, and not asked again.
    expect(form.document.query('[name="payload.given_name"]')).toBeUndefined();

    const differs = await visitor.submit('#activate-form', {
      ...account,
      ...twice(next),
      new_password: password,
    });
    expect(differs.document.text).toContain('Type the same password in both fields');
    const refused = await visitor.submit('#activate-form', { 'payload.family_name': '', ...twice('short') });
    expect(refused.document.queryAll('[data-state=failed]').length).toBeGreaterThanOrEqual(2);
    expect(refused.document.text).toContain('Fill in: Family name');
    const kept = await visitor.submit('#activate-form', twice(next));
    expect(kept.document.text).toContain('Fill in: Family name');
    expect(await statusOf(id)).toBe('new');

    const done = await visitor.submit('#activate-form', { ...account, ...twice(next) });
    expect(done.document.query('#done-page')).toBeDefined();
    expect(done.document.links.map(({ href }) => href.href)).toContain('https://books.example.test/welcome');
    expect(await statusOf(id)).toBe('active');
    expect((await signIn('ada@example.test', next)).stoppedAt?.searchParams.get('code')).toBeTruthy();

    const again = await visitor.open(link);
    expect(again.status).toBe(410);
    expect(again.document.query('#new-link')).toBeDefined();
  });

  test('is accepted by its code, typed with spaces, after one that is wrong; a new message is sent on request', async () => {
    const { id } = await invite('bob@example.test');
    const visitor = browser();
    await visitor.open(page('activate'));
    await visitor.follow('I have no code');
    const sent = await visitor.submit('#recover-form', { identifier: 'bob@example.test' });
    expect(sent.document.text).toContain('b•••@example.test');
    expect(await messagesTo(server, 'bob@example.test')).toHaveLength(2);
    const { code = '' } = await latestMessage(server, 'bob@example.test');
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    const refused = await visitor.submit('#code-form', { code: wrong });
    expect(refused.document.query('[role=alert]')).toBeDefined();
    await visitor.submit('#code-form', { code: `${code.slice(0, 3)} ${code.slice(3)}` });
    const done = await visitor.submit('#activate-form', { ...account, ...twice(next) });
    expect(done.document.query('[data-done=activated]')).toBeDefined();
    expect(await statusOf(id)).toBe('active');
    // The workspace has one application: "Sign in" leads there.
    expect(done.document.links.map(({ href }) => href.href)).toContain('https://app.example.test/');
  });

  test('replaces what a stranger has set before the address was proven', async () => {
    const address = 'claimed@example.test';
    const { code = '' } = await (async () => {
      await server.elsewhere.pools.update(
        { ...tenant, poolId },
        await poolWith({ publicRegistrationAllowed: true }),
        SYSTEM_ACTOR,
      );
      await server.elsewhere.registration.register(
        { ...tenant, poolId },
        {
          identifier: address,
          password,
          sendMessage: true,
          ...by,
          payload: { name: 'X', given_name: 'X', family_name: 'X' },
        },
      );
      return latestMessage(server, address);
    })();
    const visitor = browser();
    await visitor.open(page('activate'));
    await visitor.submit('#code-form', { identifier: address, code });
    await visitor.submit('#activate-form', twice(next));
    expect((await signIn(address, password)).stoppedAt).toBeUndefined();
    expect((await signIn(address, next)).stoppedAt).toBeDefined();
  });

  test('lets the person choose: a passkey made on the spot, a code each time, or a password', async ({
    onTestFinished,
  }) => {
    const scope = { ...tenant, poolId };
    const pool = await server.elsewhere.pools.get(scope);
    const methods = ['password', 'email_otp', 'webauthn'] as const;
    const change = async (authenticationMechanisms: typeof pool.authenticationMechanisms) => {
      await server.elsewhere.pools.update(scope, { ...pool, authenticationMechanisms }, SYSTEM_ACTOR);
    };
    await change([...methods]);
    onTestFinished(async () => {
      await change(pool.authenticationMechanisms);
    });
    const choose = async (name: string, fields: Record<string, string>) => {
      const { id, link } = await invite(`${name}@choice.test`);
      const visitor = browser();
      await visitor.open(link);
      const form = await visitor.submit('#activate-form');
      for (const credential of ['password', 'code', 'passkey']) {
        expect(form.document.query(`#credential-${credential}`)).toBeDefined();
      }
      return { id, visitor, done: await visitor.submit('#activate-form', { ...account, ...fields }) };
    };
    const activated = ({ document }: Page) => document.query('[data-done=activated]') !== undefined;

    const keys = await choose('keys', { credential: 'passkey' });
    expect(keys.done.document.attribute('body', 'data-page')).toBe('set_factor');
    await makePasskey({ browser: keys.visitor }, new SoftwareAuthenticator({ origin: server.publicUrl }));
    expect(await server.elsewhere.passkeys.list({ ...scope, userId: keys.id })).toHaveLength(1);

    const codes = await choose('codes', { credential: 'code' });
    expect(activated(codes.done)).toBe(true);
    expect(await statusOf(codes.id)).toBe('active');

    // Codes by text reach nobody who has an address for mails only: not on the form, and not beside it.
    await change(['password', 'sms_otp', 'webauthn']);
    const { id, link } = await invite('mails@choice.test');
    const visitor = browser();
    await visitor.open(link);
    const form = await visitor.submit('#activate-form');
    expect(form.document.query('#credential-passkey')).toBeDefined();
    expect(form.document.query('#credential-code')).toBeUndefined();
    await visitor.submit('#activate-form', { ...account, credential: 'code' });
    expect(await statusOf(id)).toBe('new');
    await change([...methods]);

    // What is said of passwords counts for those who choose one.
    const missing = await choose('words', { credential: 'password' });
    expect(missing.done.document.query('#new-password-error')).toBeDefined();
    expect(await statusOf(missing.id)).toBe('new');
    expect(activated(await missing.visitor.submit('#activate-form', { ...account, ...twice(next) }))).toBe(
      true,
    );
  });
});

/** The pool as it is, with some settings changed. */
async function poolWith(change: object) {
  return { ...(await server.elsewhere.pools.get({ ...tenant, poolId })), ...change };
}

describe('a forgotten password', () => {
  test('is replaced while signing in, by the code, and the sign-in goes on', async () => {
    const address = 'mia@example.test';
    const id = await person(address);
    const elsewhere = await app.signIn({ identifier: address, password });
    const here = await relyingParty(server, { workspaceId });
    await here.begin();
    await here.browser.follow('#forgot-link');
    const sent = await here.browser.submit('#recover-form', { identifier: address });
    expect(sent.document.text).toContain('m•••@example.test');
    expect(sent.body).not.toContain(address);
    const early = await here.browser.submit('#code-resend');
    expect(early.document.text).toMatch(/in \d+ seconds/);
    expect(await messagesTo(server, address)).toHaveLength(1);

    const { code = '' } = await latestMessage(server, address);
    await here.browser.submit('#code-form', { code });
    const weak = await here.browser.submit('#new-password-form', twice('password1'));
    expect(weak.document.query('[role=alert]')).toBeDefined();
    const done = await here.browser.submit('#new-password-form', twice(next));
    expect(done.document.query('[data-done=password_set]')).toBeDefined();
    await here.browser.follow('#done-sign-in');
    const end = await here.browser.submit('#login-form', { identifier: address, password: next });
    expect(end.stoppedAt?.searchParams.get('code')).toBeTruthy();

    const userinfo = await fetch(`${server.publicUrl}/default/${workspaceId}/userinfo`, {
      headers: { authorization: `Bearer ${elsewhere.tokens.access_token}` },
    });
    expect(userinfo.status).toBe(401);
    expect((await messagesTo(server, address)).map(({ template }) => template)).toContain('password_changed');
    expect(id).toBeTruthy();
  });

  test('is replaced by the link in any browser, once; the person goes on to the application they came from', async () => {
    const address = 'nora@example.test';
    await person(address);
    const here = await relyingParty(server, {
      workspaceId,
      settings: { client_uri: 'https://shelf.example.test/start' },
    });
    await here.begin();
    await here.browser.follow('#forgot-link');
    await here.browser.submit('#recover-form', { identifier: address });
    const { link = '' } = await latestMessage(server, address);
    const [phone, tablet] = [browser(), browser()];
    await Promise.all([phone.open(link), tablet.open(link)]);
    const ends = await Promise.all([
      phone.submit('#new-password-form', twice(next)),
      tablet.submit('#new-password-form', twice(`${next} too`)),
    ]);
    expect(ends.map(({ status }) => status).sort()).toEqual([200, 410]);
    const done = ends.find(({ status }) => status === 200);
    expect(done?.document.links.map(({ href }) => href.href)).toContain('https://shelf.example.test/start');
    expect((await browser().open(link)).status).toBe(410);
  });

  test.each(['reset-password', 'activate-resend'])(
    '%s tells no stranger who has an account',
    async (name) => {
      const known = `known.${name}@example.test`;
      await (name === 'reset-password' ? person(known) : invite(known));
      const before = (await messagesTo(server, known)).length;
      const ask = async (identifier: string) => {
        const visitor = browser();
        await visitor.open(page(name));
        const first = await log.during(() => visitor.submit('#recover-form', { identifier }));
        const second = await log.during(() => visitor.submit('#code-form', { code: '000000' }));
        return [first, second].map(({ result, statements }) => ({
          status: result.status,
          headers: Object.keys(result.headers),
          text: result.document.text.replaceAll(identifier, '-'),
          statements: statements.length,
        }));
      };
      await ask('warm@example.test');
      const stranger = await ask('kein@example.test');
      expect(await ask(known)).toEqual(stranger);
      expect(await messagesTo(server, known)).toHaveLength(before + 1);
      expect(await messagesTo(server, 'kein@example.test')).toHaveLength(0);
    },
  );

  test('is for administrators where the pool says so: no link, a calm page, and their own links work', async () => {
    const id = await person('olga@example.test');
    const scope = { ...tenant, poolId };
    const closed = { resetCredentialsSettings: { doNotAllowUsersToSelfResetCredentials: true } };
    const before = await server.elsewhere.pools.get(scope);
    await server.elsewhere.pools.update(scope, { ...before, ...closed }, SYSTEM_ACTOR);
    const visitor = browser();
    expect((await visitor.open(page('reset-password'))).document.query('#closed-page')).toBeDefined();
    await server.elsewhere.recovery.requestFor({ ...scope, userId: id }, 'olga@example.test', by);
    await visitor.open((await latestMessage(server, 'olga@example.test')).link ?? '');
    const done = await visitor.submit('#new-password-form', twice(next));
    expect(done.document.query('#done-page')).toBeDefined();
    await expect
      .poll(
        async () =>
          (await (await relyingParty(server, { workspaceId })).begin()).page.document.query('#forgot-link'),
        {
          timeout: 5_000,
        },
      )
      .toBeUndefined();
    await server.elsewhere.pools.update(scope, before, SYSTEM_ACTOR);
  });
});

describe('a right password that may not be used any more', () => {
  const scopeOf = (userId: string) => ({ ...tenant, poolId, userId });

  test('is changed inside the sign-in, which goes on', async () => {
    const address = 'rosa@example.test';
    const userId = await person(address);
    await server.elsewhere.passwords.setState(scopeOf(userId), 'must_be_changed', SYSTEM_ACTOR);
    const here = await relyingParty(server, { workspaceId });
    const flow = await here.begin();
    const wrong = await here.browser.submit('#login-form', { identifier: address, password: 'wrong' });
    expect(wrong.document.query('#login-form')).toBeDefined();
    const asked = await here.browser.submit('#login-form', { identifier: address, password });
    expect(asked.document.text).toContain('One thing first');
    expect(asked.body).not.toContain(password);

    const thief = here.browser.clone();
    thief.cookies.clear();
    const { fields, action } = asked.document.form('#new-password-form');
    const form = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
    const stolen = await thief.post(action, { ...form, ...twice(next) });
    expect(stolen.stoppedAt).toBeUndefined();

    const same = await here.browser.submit('#new-password-form', twice(password));
    expect(same.document.text).toContain('None of your earlier passwords');
    const end = await here.browser.submit('#new-password-form', twice(next));
    expect((await here.finish(flow, end)).claims.sub).toBe(userId);
    expect((await signIn(address, password)).stoppedAt).toBeUndefined();
    expect((await signIn(address, next)).stoppedAt).toBeDefined();
  });

  test('is accepted once: whoever leaves the form has to ask for a message', async () => {
    const address = 'romy@example.test';
    const userId = await person(address);
    await server.elsewhere.passwords.setState(scopeOf(userId), 'must_be_changed', SYSTEM_ACTOR);
    const left = await relyingParty(server, { workspaceId });
    const flow = await left.begin();
    const form = await left.browser.submit('#login-form', { identifier: address, password });
    expect(form.document.text).toContain('One thing first');
    const later = await signIn(address, password);
    expect(later.document.text).toContain('You need a new password');
    const end = await left.browser.submit('#new-password-form', twice(next));
    expect((await left.finish(flow, end)).claims.sub).toBe(userId);
  });

  test('opens nothing once it was replaced elsewhere', async () => {
    const address = 'rudi@example.test';
    const userId = await person(address);
    await server.db
      .knex('credentials')
      .where({ user_id: userId })
      .update({ expires_at: new Date(0) });
    const here = await relyingParty(server, { workspaceId });
    await here.begin();
    await here.browser.submit('#login-form', { identifier: address, password });
    await signIn(address, password);
    const other = await relyingParty(server, { workspaceId });
    await other.begin();
    await other.browser.submit('#login-form', { identifier: address, password });
    const ends = await Promise.all([
      here.browser.submit('#new-password-form', twice(next)),
      other.browser.submit('#new-password-form', twice(`${next} too`)),
    ]);
    expect(ends.filter(({ stoppedAt }) => stoppedAt?.searchParams.has('code'))).toHaveLength(1);
    for (const { status } of ends) expect(status).toBeLessThan(500);
  });

  test('leads to a message where it must be reset', async () => {
    const address = 'rita@example.test';
    const userId = await person(address);
    await server.elsewhere.passwords.setState(scopeOf(userId), 'must_be_reset', SYSTEM_ACTOR);
    const here = await relyingParty(server, { workspaceId });
    await here.begin();
    const asked = await here.browser.submit('#login-form', { identifier: address, password });
    expect(asked.document.text).toContain('You need a new password');
    await here.browser.submit('#recover-form');
    await here.browser.submit('#code-form', { code: (await latestMessage(server, address)).code });
    await here.browser.submit('#new-password-form', twice(next));
    await here.browser.follow('#done-sign-in');
    const end = await here.browser.submit('#login-form', { identifier: address, password: next });
    expect(end.stoppedAt?.searchParams.get('code')).toBeTruthy();
  });
});

test('an address is proven by its link, by pressing the button', async () => {
  const id = await addPerson(server.elsewhere, poolId, { identifier: 'pia@example.test', password });
  const scope = { ...tenant, poolId, userId: id };
  const address = 'pia.other@example.test';
  await server.elsewhere.addresses.add(
    scope,
    { type: 'email', address, verified: false, status: 'active' },
    SYSTEM_ACTOR,
  );
  await server.elsewhere.addressVerification.requestFor(scope, address, by);
  const { link = '' } = await latestMessage(server, address);
  const isVerified = async () =>
    (await server.elsewhere.users.get(scope)).addresses.find((entry) => entry.address === address)?.verified;
  const visitor = browser();
  await visitor.open(link);
  expect(await isVerified()).toBe(false);
  const done = await visitor.submit('#verify-form');
  expect(done.document.query('[data-done=address_verified]')).toBeDefined();
  expect(await isVerified()).toBe(true);
  expect((await visitor.open(link)).status).toBe(410);
});

describe('a page that is not for this browser, pool or workspace', () => {
  test('says so', async () => {
    const { id, link } = await invite('zoe@example.test');
    const open = async (path: string) => (await browser().open(path)).status;
    expect(await open('/default/identity/nobody/activate')).toBe(404);
    expect(await open(`/default/identity/${poolId}/nothing`)).toBe(404);
    expect(await open(`/default/identity/${poolId}/activate?server_id=demo`)).toBe(403);
    expect(await open(`/default/identity/${poolId}/activate?code=made-up`)).toBe(410);
    expect(await open(link.replace(poolId, 'demo-users').replace(workspaceId, 'demo'))).toBe(410);

    const [own, foreign] = [browser(), browser()];
    await own.open(link);
    await foreign.open(page('activate'));
    const { fields } = own.document.form('#activate-form');
    const form = Object.fromEntries(fields.map(({ name, value }) => [name, value]));
    expect((await foreign.post(page('activate'), form)).status).toBe(403);
    expect((await own.post(page('activate'), { ...form, step: `${form['step']}x` })).status).toBe(403);
    expect(await statusOf(id)).toBe('new');
  });
});
