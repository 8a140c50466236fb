import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser, type Page } from '../support/browser_without_javascript.ts';
import { addPerson, addWorkspace, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { latestMessage, messageCount, messagesTo } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { makePasskey } from '../support/sign_in.ts';
import { SoftwareAuthenticator } from '../support/software_authenticator.ts';
import { type StatementLog, watchStatements } from '../support/statements.ts';

const workspaceId = 'newcomers';
const poolId = `${workspaceId}-people`;
const scope = { tenantId: 'default', poolId };
const password = 'quiet otter crosses river';
const next = 'a heron waits in the reeds';

let server: TestServer;
let log: StatementLog;

beforeAll(async () => {
  server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  await addWorkspace(server.elsewhere, workspaceId);
  await change({ publicRegistrationAllowed: true });
  log = watchStatements();
});
afterAll(async () => {
  log.stop();
  await server.stop();
});

const browser = () => new Browser({ origin: server.publicUrl });
const page = (name: string) => `/default/identity/${poolId}/${name}?server_id=${workspaceId}`;
const twice = (text: string) => ({ new_password: text, new_password_repeat: text });
const person = { 'payload.name': 'Ada L', 'payload.given_name': 'Ada', 'payload.family_name': 'Lovelace' };

/** Changes the pool, here and in the server's own view of it. */
async function change(settings: object): Promise<void> {
  const before = await server.elsewhere.pools.get(scope);
  await server.elsewhere.pools.update(scope, { ...before, ...settings }, SYSTEM_ACTOR);
}

async function register(visitor: Browser, identifier: string, given = password): Promise<Page> {
  await visitor.open(page('register'));
  return visitor.submit('#register-form', { identifier, ...person, ...twice(given) });
}

async function signsIn(identifier: string, given: string): Promise<boolean> {
  const app = await relyingParty(server, { workspaceId });
  await app.begin();
  // What was switched before reaches the server's sign-ins within moments.
  const hasPassword = async () => (await app.browser.reload()).document.query('#password');
  if (app.browser.document.query('#password') === undefined)
    await expect.poll(hasPassword, { timeout: 5_000 }).toBeDefined();
  const end = await app.browser.submit('#login-form', { identifier, password: given });
  return end.stoppedAt !== undefined;
}

const statusOf = async (identifier: string) =>
  (
    await server.db
      .knex('users')
      .join('identifiers', 'identifiers.user_id', 'users.user_id')
      .where({ identifier })
  )[0]?.status as string | undefined;

describe('somebody who makes an account', () => {
  test('while signing in goes straight on to the application, with what the schema asks for', async ({
    onTestFinished,
  }) => {
    const schema = await server.elsewhere.schemas.create(
      { tenantId: 'default' },
      {
        name: 'Readers',
        document: {
          type: 'object',
          description: 'Tell us a little about you',
          required: ['name', 'books', 'shelf'],
          properties: {
            name: { type: 'string', title: 'Your name', minLength: 2 },
            books: { type: 'integer', description: 'Books a month', minimum: 1 },
            shelf: { type: 'string', title: 'Shelf', enum: ['Sea', 'Rivers'] },
            topics: { type: 'array', title: 'Topics', items: { type: 'string', enum: ['Boats', 'Birds'] } },
            pens: { type: 'array', title: 'Pen names', items: { type: 'string' } },
            news: { type: 'boolean', title: 'News, <b>please</b>' },
            rank: { type: 'string', hidden: true },
          },
        },
      },
      SYSTEM_ACTOR,
    );
    await change({ payloadSchemaId: schema.id });
    onTestFinished(() => change({ payloadSchemaId: 'user_v0' }));
    const app = await relyingParty(server, { workspaceId });
    const flow = await app.begin();
    const { document, body } = await app.browser.follow('#register-link');
    expect(document.text).toContain('Tell us a little about you');
    expect(document.text).toContain('Books a month');
    expect(document.text).toContain('News, <b>please</b>');
    expect(body).not.toContain('rank');
    expect(document.query('#payload-name[required]')).toBeDefined();
    expect(document.query('#payload-pens[required]')).toBeUndefined();

    const wrong = await app.browser.submit('#register-form', {
      identifier: 'nobody',
      'payload.name': 'A',
      'payload.topics.1': 'on',
      ...twice('short'),
    });
    const problems = [...wrong.body.matchAll(/<li><a href="(#[^"]+)"/g)].map(([, href]) => href);
    expect(problems).toEqual([
      '#identifier',
      '#payload-name',
      '#payload-books',
      '#payload-shelf',
      '#new-password',
    ]);
    expect(wrong.document.query('#payload-topics-1[checked]')).toBeDefined();
    expect(wrong.document.query('[data-rule=min_length][data-state=failed]')).toBeDefined();

    const identifier = 'vera@example.test';
    const filled = { identifier, 'payload.name': 'Vera', 'payload.books': '3', 'payload.shelf': 'Sea' };
    const lists = { 'payload.pens': 'V.\r\n\r\nVee', 'payload.topics.1': 'on' };
    const sent = await app.browser.submit('#register-form', { ...filled, ...lists, ...twice(password) });
    expect(sent.document.text).toContain('v•••@example.test');
    const { code = '' } = await latestMessage(server, identifier);
    const refused = await app.browser.submit('#code-form', { code: code === '000000' ? '000001' : '000000' });
    expect(refused.document.query('[role=alert]')).toBeDefined();
    const { claims } = await app.finish(flow, await app.browser.submit('#code-form', { code }));
    const made = await server.elsewhere.users.get({ ...scope, userId: String(claims.sub) });
    expect(made).toMatchObject({ status: 'active', addresses: [{ address: identifier, verified: true }] });
    expect(made.payload).toEqual({
      name: 'Vera',
      books: 3,
      shelf: 'Sea',
      topics: ['Birds'],
      pens: ['V.', 'Vee'],
      news: false,
    });
    expect(await signsIn(identifier, password)).toBe(true);
  });

  test('keeps the password where the link is opened in the same browser, and chooses one anew elsewhere', async () => {
    const here = browser();
    await register(here, 'wim@example.test');
    await here.open((await latestMessage(server, 'wim@example.test')).link ?? '');
    expect(here.document.text).not.toContain('another window');
    const done = await here.submit('#activate-form');
    expect(done.document.query('[data-done=activated]')).toBeDefined();
    expect(await signsIn('wim@example.test', password)).toBe(true);

    await register(browser(), 'zara@example.test');
    const phone = browser();
    await phone.open((await latestMessage(server, 'zara@example.test')).link ?? '');
    expect(phone.document.text).toContain('another window');
    const asked = await phone.submit('#activate-form');
    expect(asked.document.query('#new-password')).toBeDefined();
    await phone.submit('#activate-form', twice(next));
    expect(await signsIn('zara@example.test', password)).toBe(false);
    expect(await signsIn('zara@example.test', next)).toBe(true);
  });

  test('takes over from a stranger who was there first with the same address', async () => {
    const identifier = 'claimed@example.test';
    const stranger = browser();
    await register(stranger, identifier, 'the stranger knows this one');
    const owner = browser();
    await register(owner, identifier);
    const messages = await messagesTo(server, identifier);
    expect(messages.map(({ template }) => template)).toEqual([
      'activate_account_with_link',
      'activate_account_with_link',
    ]);
    const asked = await owner.submit('#code-form', { code: messages.at(-1)?.code });
    expect(asked.document.query('#new-password')).toBeDefined();
    await owner.submit('#activate-form', twice(next));
    expect(await statusOf(identifier)).toBe('active');
    expect(await signsIn(identifier, 'the stranger knows this one')).toBe(false);
    expect(await signsIn(identifier, next)).toBe(true);
    const late = await stranger.submit('#code-form', { code: messages.at(-1)?.code });
    expect(late.document.query('[role=alert]')).toBeDefined();
  });

  test('makes a passkey on the way where people sign in with nothing else', async ({ onTestFinished }) => {
    onTestFinished(() => change({ authenticationMechanisms: ['password'] }));
    await change({ authenticationMechanisms: ['webauthn'] });
    const app = await relyingParty(server, { workspaceId });
    const flow = await app.begin();
    await expect
      .poll(async () => (await app.browser.reload()).document.query('#password'), { timeout: 5_000 })
      .toBeUndefined();
    await app.browser.follow('#register-link');
    await app.browser.submit('#register-form', { identifier: 'keys@example.test', ...person });
    const { code } = await latestMessage(server, 'keys@example.test');
    const made = await app.browser.submit('#code-form', { code });
    expect(made.document.attribute('body', 'data-page')).toBe('set_factor');
    const end = await makePasskey(app, new SoftwareAuthenticator({ origin: server.publicUrl }));
    const { claims } = await app.finish(flow, end);
    const keys = await server.elsewhere.passkeys.list({ ...scope, userId: String(claims.sub) });
    expect(keys).toHaveLength(1);
  });

  test('is told when registration, or every way to sign in with what was chosen, is switched off in between', async ({
    onTestFinished,
  }) => {
    const open = { publicRegistrationAllowed: true, authenticationMechanisms: ['password'] };
    onTestFinished(() => change(open));
    const visitor = browser();
    await visitor.open(page('register'));
    await change({ publicRegistrationAllowed: false });
    const form = { identifier: 'late@example.test', ...person, ...twice(password) };
    const closed = await visitor.submit('#register-form', form);
    expect(closed.status).toBe(403);
    expect(closed.document.text).toContain('Registration is closed here');
    expect((await visitor.open(page('register'))).document.query('#closed-page')).toBeDefined();
    await change({ publicRegistrationAllowed: true, authenticationMechanisms: ['email_otp'] });
    const byCode = await visitor.open(page('register'));
    expect(byCode.document.query('#new-password')).toBeUndefined();
    const mobile = await visitor.submit('#register-form', { ...person, identifier: '+48600100200' });
    expect(mobile.document.query('#identifier[aria-invalid=true]')).toBeDefined();
    await change({ authenticationMechanisms: ['password', 'email_otp'] });
    await visitor.open(page('register'));
    const chosen = { ...person, identifier: 'codes@example.test', credential: 'code' };
    await visitor.submit('#register-form', chosen);
    await visitor.submit('#code-form', { code: (await latestMessage(server, 'codes@example.test')).code });
    expect(await statusOf('codes@example.test')).toBe('active');
    expect(await statusOf('late@example.test')).toBeUndefined();
  });
});

describe('what a stranger can learn by registering', () => {
  const counted = (statements: readonly string[]) =>
    statements.filter((name) => name !== 'workspace-versions').length;
  const uids = /[0-9a-f]{8}-[0-9a-f-]{27}/g;

  async function observe(identifier: string) {
    const visitor = browser();
    await visitor.open(page('register'));
    const before = { hashes: server.server.hashing().total, messages: await messageCount(server) };
    const { result, statements } = await log.during(() =>
      visitor.submit('#register-form', { identifier, ...person, ...twice(password) }),
    );
    const again = await log.during(() => visitor.submit('#code-form', { code: '000000' }));
    const resent = await log.during(() => visitor.submit('#code-resend'));
    return {
      status: result.status,
      headers: Object.keys(result.headers).sort(),
      cookies: [result.headers['set-cookie'] ?? []]
        .flat()
        .map((cookie) => cookie.replace(/=[^;]*/, '').replace(/expires=[^;]*/, '')),
      text: result.document.text.replaceAll(uids, '-'),
      hashes: server.server.hashing().total - before.hashes,
      messages: (await messageCount(server)) - before.messages,
      statements: counted(statements),
      code: {
        status: again.result.status,
        text: again.result.document.text,
        statements: counted(again.statements),
      },
      resent: {
        text: resent.result.document.text.replaceAll(/\d+ seconds?/g, '-'),
        statements: counted(resent.statements),
      },
    };
  }

  test('nothing: a name that is free, known, new, deactivated or blocked gets one answer at one cost', async () => {
    const add = (name: string) =>
      addPerson(server.elsewhere, poolId, { identifier: `${name}@example.test`, password });
    const withAddress = async (name: string) => {
      const userId = await add(name);
      const address = {
        type: 'email',
        address: `${name}@example.test`,
        verified: true,
        status: 'active',
      } as const;
      await server.elsewhere.addresses.add({ ...scope, userId }, address, SYSTEM_ACTOR);
      return { ...scope, userId };
    };
    await withAddress('k-active');
    const inactive = await withAddress('k-inact1');
    await server.elsewhere.users.update(inactive, { status: 'inactive' }, SYSTEM_ACTOR);
    await withAddress('k-locked');
    for (let i = 0; i < 6; i += 1) await signsIn('k-locked@example.test', 'wrong');
    await register(browser(), 'k-newone@example.test');
    await observe('k-warmed@example.test');
    const free = await observe('k-nobody@example.test');
    expect(free).toMatchObject({ status: 200, hashes: 1, messages: 1 });
    for (const name of ['k-active', 'k-inact1', 'k-locked', 'k-newone']) {
      expect(await observe(`${name}@example.test`), name).toEqual(free);
    }
    const told = await messagesTo(server, 'k-active@example.test');
    expect(told.map(({ template }) => template)).toEqual(['identifier_used']);
    expect(await signsIn('k-active@example.test', password)).toBe(true);
  });

  test('nothing by asking often: the same name is taken a few times, whoever has it', async () => {
    await addPerson(server.elsewhere, poolId, { identifier: 'often-known@example.test', password });
    const answers = async (identifier: string) => {
      const statuses: number[] = [];
      for (let i = 0; i < 6; i += 1) statuses.push((await register(browser(), identifier)).status);
      return statuses;
    };
    const known = await answers('often-known@example.test');
    expect(known).toEqual([200, 200, 200, 200, 200, 429]);
    // All at once: as many are looked at, and one account comes of it.
    const identifier = 'often-free@example.test';
    const all = await Promise.all(Array.from({ length: 12 }, () => register(browser(), identifier)));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(7);
    expect(await server.db.knex('identifiers').where({ identifier })).toHaveLength(1);
  });

  test('the rules of a password that is typed are told to who has the form, and to nobody else', async () => {
    const visitor = browser();
    const { document } = await visitor.open(page('register'));
    const { fields } = document.form('#register-form');
    const csrf = fields.find(({ name }) => name === 'csrf')?.value ?? '';
    const ask = async (asker: Browser, body: Record<string, string>) =>
      asker.post(page('check-password'), body);
    const weak = await ask(visitor, { csrf, new_password: 'password', identifier: '' });
    expect(JSON.parse(weak.body)).toMatchObject({
      score: 0,
      failed: expect.arrayContaining(['strength', 'blocklist']),
    });
    const own = await ask(visitor, {
      csrf,
      new_password: 'lighthouse99',
      identifier: 'lighthouse@example.test',
    });
    expect((JSON.parse(own.body) as { failed: string[] }).failed).toContain('blocklist');
    const strong = await ask(visitor, { csrf, new_password: password });
    expect(JSON.parse(strong.body)).toMatchObject({ failed: [] });
    expect((await ask(browser(), { csrf, new_password: password })).status).toBe(403);
    const burst = Array.from({ length: 60 }, () => ask(visitor.clone(), { csrf, new_password: 'x' }));
    const statuses = (await Promise.all(burst)).map(({ status }) => status);
    expect(statuses).toContain(429);
  });
});
