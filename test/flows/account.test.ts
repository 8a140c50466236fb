import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser, type Page } from '../support/browser_without_javascript.ts';
import { addPerson, addWorkspace, relyingParty, secret, SYSTEM_ACTOR } from '../support/demo.ts';
import { attributeOf, textOf } from '../support/html_document.ts';
import { latestMessage, messagesTo } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { totpCode } from '../support/totp.ts';

const workspaceId = 'owners';
const poolId = `${workspaceId}-people`;
const password = 'quiet otter crosses river';
const next = 'a heron waits in the reeds';
const account = `/default/${workspaceId}/account`;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  await addWorkspace(server.elsewhere, workspaceId);
  await change({ authenticationMechanisms: ['password', 'totp', 'webauthn'], selfDeletionAllowed: true });
});
afterAll(() => server.stop());

/** Changes the pool, here and in the server's own view of it. */
async function change(settings: object): Promise<void> {
  const before = await server.elsewhere.pools.get({ tenantId: 'default', poolId });
  await server.elsewhere.pools.update(
    { tenantId: 'default', poolId },
    { ...before, ...settings },
    SYSTEM_ACTOR,
  );
}

let people = 0;

/** A person with a proven address, in a browser of their own. */
async function person(payload?: object) {
  people += 1;
  const identifier = `owner${people}@example.test`;
  const userId = await addPerson(server.elsewhere, poolId, { identifier, password });
  const scope = { tenantId: 'default', poolId, userId };
  const address = { type: 'email', address: identifier, verified: true, status: 'active' } as const;
  await server.elsewhere.addresses.add(scope, address, SYSTEM_ACTOR);
  if (payload) {
    const user = await server.elsewhere.users.get(scope);
    await server.elsewhere.users.update(
      scope,
      { ...user, payload: { ...user.payload, ...payload } },
      SYSTEM_ACTOR,
    );
  }
  const visitor = new Browser({ origin: server.publicUrl });
  return { scope, identifier, visitor };
}

type Person = Awaited<ReturnType<typeof person>>;

async function enter({ visitor, identifier }: Person, section = '', given = password): Promise<Page> {
  const page = await visitor.open(section === '' ? account : `${account}/${section}`);
  expect(page.document.query('#login-form')).toBeDefined();
  return visitor.submit('#login-form', { identifier, password: given });
}

async function visit(): Promise<Person> {
  const someone = await person();
  expect((await enter(someone)).url.pathname).toBe(account);
  return someone;
}

/** Some time goes by after the sign-in. */
const later = ({ scope }: Person, seconds: number) =>
  server.db.knex.raw(
    `UPDATE sessions SET payload = jsonb_set(payload::jsonb, '{loginTs}',
       to_jsonb((payload::jsonb->>'loginTs')::bigint - ?::bigint))::text WHERE account_id = ?`,
    [seconds, scope.userId],
  );

const notice = ({ document }: Page) => document.query('#account-notice') !== undefined;
const csrfOf = ({ document }: Page): string => {
  const field = document.query('input[name=csrf]');
  return (field && attributeOf(field, 'value')) ?? '';
};
const textAt = ({ document }: Page, selector: string): string => {
  const found = document.query(selector);
  return found ? textOf(found) : '';
};
const audited = async ({ scope }: Person, subject: string) =>
  server.db
    .knex('audit_events')
    .where({ tenant_id: 'default', event_subject: subject })
    .whereRaw(`payload->'tokens_revoked'->>'user_id' = ?`, [scope.userId]);

describe('the account page', () => {
  test('asks for a sign-in and comes back to the section; a session of another workspace shows nothing', async () => {
    const someone = await person();
    const { visitor } = someone;
    await visitor.open(`${account}/sessions`);
    // Somebody takes longer than the request of the page lives.
    await server.db
      .knex('flow_state')
      .where({ model: 'PushedAuthorizationRequest' })
      .update({ expires_at: new Date(0) });
    const end = await visitor.submit('#login-form', { identifier: someone.identifier, password });
    expect(end.url.pathname + end.url.search).toBe(`${account}/sessions`);
    expect(end.headers['cache-control']).toBe('no-store');
    expect(end.document.text).toContain('This browser');
    const nothing = await visitor.open(`${account}/nothing`);
    expect(nothing.status).toBe(404);
    expect(nothing.document.attribute('#to-account', 'href')).toBe(account);
    // No code and no token came of it, and nobody else can ask in its name.
    expect(
      visitor.history.some(({ location = '' }) => /[?&#](code|access_token|id_token)=/.test(location)),
    ).toBe(false);
    const query = new URLSearchParams({
      client_id: 'weir.account',
      response_type: 'none',
      scope: 'openid',
      redirect_uri: `${server.publicUrl}${account}`,
    });
    await visitor.open(`/default/${workspaceId}/oauth2/authorize?${query}`);
    expect(visitor.history.some(({ location = '' }) => location.includes('error=invalid_request'))).toBe(
      true,
    );
    const pushed = await fetch(`${server.publicUrl}/default/${workspaceId}/par`, {
      method: 'POST',
      body: query,
      headers: { authorization: `Basic ${Buffer.from('weir.account:none').toString('base64')}` },
    });
    expect(pushed.status).toBe(401);

    await addWorkspace(server.elsewhere, 'strangers');
    const cookie = visitor.cookies
      .matching({ url: new URL(`${server.publicUrl}${account}`) })
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const elsewhere = await fetch(`${server.publicUrl}/default/strangers/account`, {
      headers: { cookie },
      redirect: 'manual',
    });
    expect(elsewhere.status).toBe(303);
  });

  test('takes forms of its own browser only, and shows nobody who may not act any more', async () => {
    const someone = await visit();
    const { visitor, scope } = someone;
    const profile = await visitor.open(`${account}/profile`);
    const csrf = csrfOf(profile);
    const fields = { csrf, 'payload.name': 'Eve', 'payload.given_name': 'E', 'payload.family_name': 'V' };
    const foreign = { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } };
    expect((await visitor.clone().post(`${account}/profile`, fields, foreign)).status).toBe(403);
    const other = await visit();
    await other.visitor.open(`${account}/profile`);
    expect((await other.visitor.post(`${account}/profile`, fields)).status).toBe(403);
    expect((await visitor.post(`${account}/profile`, { ...fields, csrf: 'none' })).status).toBe(403);
    expect((await server.elsewhere.users.get(scope)).payload.name).toBe('Test Person');
    await change({ authenticationMechanisms: ['password'] });
    expect((await visitor.open(`${account}/totp`)).status).toBe(404);
    expect((await visitor.post(`${account}/passkey-options`, { csrf })).status).toBe(404);
    await change({ authenticationMechanisms: ['password', 'totp', 'webauthn'] });
    await server.elsewhere.users.update(
      scope,
      { ...(await server.elsewhere.users.get(scope)), status: 'inactive' },
      SYSTEM_ACTOR,
    );
    expect((await visitor.open(account)).document.query('#login-form')).toBeDefined();
  });

  test('asks for a new sign-in after five minutes where it matters', async () => {
    const someone = await visit();
    await later(someone, 6 * 60);
    for (const section of ['addresses', 'password', 'totp', 'passkeys', 'recovery-codes', 'delete']) {
      const page = await someone.visitor.open(`${account}/${section}`);
      expect(page.document.query('#login-form'), section).toBeDefined();
    }
    expect((await someone.visitor.open(`${account}/profile`)).document.query('#profile-form')).toBeDefined();
    const back = await enter(someone, 'totp');
    expect(back.url.pathname).toBe(`${account}/totp`);
  });
});

describe('a workspace that is strict', () => {
  test('with pushed requests and one sign-in for each application, asks for one of the page, once', async () => {
    const id = 'strict';
    const someone = { identifier: 'strict@example.test', password };
    await addWorkspace(server.elsewhere, id, someone);
    await server.elsewhere.workspaces.update(
      { tenantId: 'default', workspaceId: id },
      { name: 'Strict', sso: { enabled: false }, requirePushedAuthorizationRequests: true },
      SYSTEM_ACTOR,
    );
    const visitor = new Browser({ origin: server.publicUrl });
    await visitor.open(`/default/${id}/account/profile`);
    const end = await visitor.submit('#login-form', someone);
    expect(end.url.pathname).toBe(`/default/${id}/account/profile`);
    expect((await visitor.open(`/default/${id}/account`)).document.query('#sign-out')).toBeDefined();
  });
});

describe('sections', () => {
  test('the profile changes what its form asks for, and keeps the rest; markup stays text', async ({
    onTestFinished,
  }) => {
    const schema = await server.elsewhere.schemas.create(
      { tenantId: 'default' },
      {
        name: 'Owners',
        document: {
          type: 'object',
          required: ['name'],
          properties: {
            name: { type: 'string', title: 'Your <i>name</i>', minLength: 2 },
            topics: { type: 'array', title: 'Topics', items: { type: 'string', enum: ['Boats', 'Birds'] } },
            locale: { type: 'string' },
            rank: { type: 'string', hidden: true },
            deep: { type: 'object' },
          },
        },
      },
      SYSTEM_ACTOR,
    );
    await change({ payloadSchemaId: schema.id });
    onTestFinished(() => change({ payloadSchemaId: 'user_v0' }));
    const userId = (
      await server.elsewhere.users.create(
        { tenantId: 'default', poolId },
        {
          status: 'active',
          payload: { name: 'Ada', rank: 'secret-rank', deep: { kept: true }, topics: ['Boats'] },
          identifiers: [{ type: 'email', identifier: 'ada@example.test' }],
          password: { password, mustBeChanged: false, mustBeReset: false },
        },
        SYSTEM_ACTOR,
      )
    ).id;
    const scope = { tenantId: 'default', poolId, userId };
    const ada = { scope, identifier: 'ada@example.test', visitor: new Browser({ origin: server.publicUrl }) };
    const form = await enter(ada, 'profile');
    expect(form.body).not.toContain('secret-rank');
    expect(form.document.query('#payload-topics-0[checked]')).toBeDefined();
    const wrong = await ada.visitor.submit('#profile-form', { 'payload.name': 'A' });
    expect(wrong.body).toContain('<a href="#payload-name">');
    const script = '<script>alert(1)</script>';
    const saved = await ada.visitor.submit('#profile-form', {
      'payload.name': script,
      'payload.topics.1': 'on',
    });
    expect(saved.url.pathname).toBe(account);
    expect(notice(saved)).toBe(true);
    expect(textAt(saved, 'h1')).toBe(script);
    expect(saved.body).not.toContain('secret-rank');
    const payload = { name: script, rank: 'secret-rank', deep: { kept: true } };
    expect((await server.elsewhere.users.get(scope)).payload).toMatchObject(payload);
    expect(notice(await ada.visitor.open(account))).toBe(false);
    // Of many at once, one or more are saved; the others are told, and nothing breaks.
    const csrf = csrfOf(await ada.visitor.open(`${account}/profile`));
    const saves = Array.from({ length: 50 }, (_, index) =>
      ada.visitor.tab().post(`${account}/profile`, { csrf, 'payload.name': `Ada ${index}` }),
    );
    expect((await Promise.all(saves)).map(({ status }) => status)).toEqual(saves.map(() => 200));
    expect((await server.elsewhere.users.get(scope)).payload.name).toMatch(/^Ada \d+$/);
    await ada.visitor.open(`${account}/profile`);
    await ada.visitor.submit('#profile-form', { 'payload.name': script });

    await ada.visitor.open(`${account}/language`);
    const german = await ada.visitor.submit('#language-form', { language: 'de' });
    expect(german.document.text).toContain('Sprache gespeichert.');
    expect((await server.elsewhere.users.get(scope)).payload.locale).toBe('de');

    const file = await ada.visitor.open(`${account}/data.json`);
    expect(file.headers['content-disposition']).toContain('attachment');
    const data = JSON.parse(file.body) as Record<string, unknown>;
    expect(data).toMatchObject({
      id: userId,
      profile: { name: script },
      credentials: [{ type: 'password' }],
    });
    expect(file.body).not.toMatch(/secret-rank|argon2|\$2[aby]\$/);
  });

  test('a password changes with the old one; other browsers are signed out, and the owner is told', async () => {
    const someone = await visit();
    const { visitor, identifier } = someone;
    const app = await relyingParty(server, { workspaceId });
    await app.signIn({ identifier, password });
    // A passkey is offered, and "not now" is remembered.
    const later = await visitor.submit('#passkey-offer-later');
    expect(later.url.pathname).toBe(account);
    expect(later.document.query('#passkey-offer')).toBeUndefined();
    await visitor.open(`${account}/password`);
    const typed = { new_password: next, new_password_repeat: next };
    const wrong = await visitor.submit('#password-form', { old_password: 'no', ...typed });
    expect(wrong.document.query('#old-password-error')).toBeDefined();
    const weak = await visitor.submit('#password-form', {
      old_password: password,
      new_password: 'short',
      new_password_repeat: 'short',
    });
    expect(weak.document.query('[data-rule=min_length][data-state=failed]')).toBeDefined();
    const done = await visitor.submit('#password-form', { old_password: password, ...typed });
    expect(done.url.pathname).toBe(account);
    expect(notice(done)).toBe(true);
    expect((await latestMessage(server, identifier)).template).toBe('password_changed');
    await app.begin();
    expect(app.browser.document.query('#login-form')).toBeDefined();
    expect((await app.browser.submit('#login-form', { identifier, password: next })).stoppedAt).toBeDefined();
  });

  test('an authenticator app is set up with a code, changed with one of each, and recovery codes are shown once', async () => {
    const someone = await visit();
    const { visitor, scope, identifier } = someone;
    const first = await visitor.open(`${account}/totp`);
    const secret = textAt(first, '#totp-secret').replaceAll(' ', '');
    expect(first.document.query('svg#totp-qr')).toBeDefined();
    const refused = await visitor.submit('#code-form', { code: 'abcdef' });
    expect(textAt(refused, '#totp-secret').replaceAll(' ', '')).toBe(secret);
    expect((await visitor.submit('#code-form', { code: totpCode(secret) })).url.pathname).toBe(account);
    expect((await latestMessage(server, identifier)).template).toBe('new_second_factor');
    const change = await visitor.open(`${account}/totp`);
    const other = textAt(change, '#totp-secret').replaceAll(' ', '');
    expect(other).not.toBe(secret);
    // The code that set the app up was used by that.
    const codes = { code: totpCode(other), current_code: totpCode(secret) };
    const used = await visitor.submit('#code-form', codes);
    expect(used.document.query('#current-code-error')).toBeDefined();
    await server.db
      .knex('credentials')
      .where({ user_id: scope.userId, type: 'totp' })
      .update({ last_time_step: null });
    const changed = await visitor.submit('#code-form', {
      code: totpCode(other),
      current_code: totpCode(secret),
    });
    expect(changed.url.pathname).toBe(account);
    expect(await server.elsewhere.totp.check(scope, totpCode(secret))).toBe(false);

    await visitor.open(`${account}/recovery-codes`);
    const shown = await visitor.submit('#recovery-codes-form');
    expect(shown.body.match(/<li><code>/g)).toHaveLength(10);
    const again = await visitor.open(`${account}/recovery-codes`);
    expect(again.body.match(/<li><code>/g)).toBeNull();
    expect(textAt(again, '#codes-left')).toContain('10');
    const told = (await messagesTo(server, identifier)).map(({ template }) => template);
    expect(told.at(-1)).toBe('new_recovery_codes');
  });

  test('an address is changed once the new one has proven it, and not before', async () => {
    const someone = await visit();
    const { visitor, scope, identifier } = someone;
    const fresh = `new-${identifier}`;
    await visitor.open(`${account}/addresses`);
    const bad = await visitor.submit('#address-form', { address: 'nowhere' });
    expect(bad.document.query('#address-error')).toBeDefined();
    await visitor.open(`${account}/addresses?replaces=${encodeURIComponent(identifier)}`);
    const sent = await visitor.submit('#address-form', { address: fresh });
    expect(notice(sent)).toBe(true);
    const { code = '', template } = await latestMessage(server, fresh);
    expect(template).toBe('address_verification_with_link');
    const proven = async () =>
      (await server.elsewhere.users.get(scope)).addresses
        .filter(({ verified }) => verified)
        .map(({ address }) => address);
    expect(await proven()).toEqual([identifier]);
    const wrong = await visitor.submit('#code-form', { code: code === '000000' ? '000001' : '000000' });
    expect(wrong.document.query('#code-error')).toBeDefined();
    const done = await visitor.submit('#code-form', { code });
    expect(notice(done)).toBe(true);
    expect(await proven()).toEqual([fresh]);
    expect((await latestMessage(server, identifier)).template).toBe('address_change_done');

    // Somebody else's address: the same page, and no code.
    const neighbour = await person();
    const before = (await messagesTo(server, neighbour.identifier)).map(({ template }) => template);
    await visitor.open(`${account}/addresses`);
    const taken = await visitor.submit('#address-form', { address: neighbour.identifier });
    expect(taken.document.query('#pending')).toBeDefined();
    const after = (await messagesTo(server, neighbour.identifier)).map(({ template }) => template);
    expect(after).toEqual(before);
    const cancelled = await visitor.submit('.other-ways', {}, '#address-cancel');
    expect(cancelled.document.query('#pending')).toBeUndefined();
  });

  test('browsers are signed out and applications lose their access, one at a time or all', async () => {
    const someone = await visit();
    const { visitor, identifier, scope } = someone;
    const other = { ...someone, visitor: new Browser({ origin: server.publicUrl }) };
    await enter(other);
    const app = await relyingParty(server, {
      workspaceId,
      clientId: 'tide',
      clientName: 'Tide <b>tables</b>',
    });
    const signedIn = await app.signIn({ identifier, password });
    const listed = await visitor.open(`${account}/sessions`);
    expect(listed.body.match(/name="session"/g)).toHaveLength(2);
    // Somebody else's session is absent to this person.
    const stranger = await visit();
    const [foreign] = await server.elsewhere.ownAccess.sessions(stranger.scope);
    const csrf = csrfOf(listed);
    const theirs = { csrf, session: `${workspaceId}/${foreign?.uid}` };
    expect((await visitor.post(`${account}/sessions`, theirs)).status).toBe(404);
    expect((await stranger.visitor.open(account)).document.query('#sign-out')).toBeDefined();

    const third = { ...someone, visitor: new Browser({ origin: server.publicUrl }) };
    await enter(third);
    const [latest] = await server.elsewhere.ownAccess.sessions(scope);
    await visitor.open(`${account}/sessions`);
    const ends = await visitor.post(`${account}/sessions`, {
      csrf,
      session: `${workspaceId}/${latest?.uid}`,
    });
    expect(notice(ends)).toBe(true);
    expect((await third.visitor.open(account)).document.query('#login-form')).toBeDefined();
    expect(await server.elsewhere.ownAccess.sessions(scope)).toHaveLength(3);
    const applications = await visitor.open(`${account}/applications`);
    expect(applications.document.text).toContain('Tide <b>tables</b>');
    expect(applications.body.match(/name="application"/g)).toHaveLength(1);
    const revoked = await visitor.submit('#end-form-0');
    expect(revoked.body.match(/name="application"/g)).toBeNull();
    const refreshed = await fetch(`${server.publicUrl}/default/${workspaceId}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`tide:${secret}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: signedIn.tokens.refresh_token ?? '',
      }),
    });
    expect(refreshed.status).toBe(400);
    expect(await refreshed.json()).toMatchObject({ error: 'invalid_grant' });

    await visitor.open(`${account}/sessions`);
    const ended = await visitor.submit('#others-form');
    expect(ended.document.query('#others-form')).toBeUndefined();
    expect((await other.visitor.open(account)).document.query('#login-form')).toBeDefined();
    expect(await server.elsewhere.ownAccess.sessions(scope)).toHaveLength(1);
    expect((await audited(someone, 'tokens')).length).toBeGreaterThanOrEqual(2);
  });

  test('an account is deleted where the pool allows it, for good', async ({ onTestFinished }) => {
    const { visitor, scope, identifier } = await visit();
    await change({ selfDeletionAllowed: false });
    onTestFinished(() => change({ selfDeletionAllowed: true }));
    expect((await visitor.open(account)).document.query('#open-delete')).toBeUndefined();
    const closed = await visitor.open(`${account}/delete`);
    expect(closed.document.query('#delete-form')).toBeUndefined();
    await visitor.open(`${account}/profile`);
    const csrf = csrfOf(visitor.page);
    await visitor.post(`${account}/delete`, { csrf, agreed: 'yes' });
    expect((await server.elsewhere.users.get(scope)).status).toBe('active');

    await change({ selfDeletionAllowed: true });
    await visitor.open(`${account}/delete`);
    const unsure = await visitor.submit('#delete-form');
    expect(unsure.document.query('#agreed-error')).toBeDefined();
    const gone = await visitor.submit('#delete-form', { agreed: 'yes' });
    expect(gone.document.query('#account-deleted')).toBeDefined();
    expect(gone.document.text).toContain('Back to the application');
    await expect(server.elsewhere.users.get(scope)).rejects.toThrow('not found');
    // Told where they were, though there is nobody any more.
    expect((await messagesTo(server, identifier)).at(-1)).toMatchObject({
      template: 'account_deleted',
      userId: null,
    });
    expect((await visitor.open(account)).document.query('#login-form')).toBeDefined();
  });
});
