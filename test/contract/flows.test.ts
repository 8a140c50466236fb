import { randomUUID } from 'node:crypto';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiAnswer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { Browser, type Page } from '../support/browser_without_javascript.ts';
import { person } from '../support/domain.ts';
import { eventually } from '../support/mailbox.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { startSmtpSink, type ReceivedMail, type SmtpSink } from '../support/smtp_sink.ts';
import { SoftwareAuthenticator, type CreationRequest } from '../support/software_authenticator.ts';
import { totpCode } from '../support/totp.ts';

const PASSWORD = 'quiet otter crosses river';
const NEXT = 'a heron waits in the reeds';
const TOTP = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const CALLBACK = 'https://app.example.test/callback';
const A = '/api/identity/acme/admin/pools/people';
const Y = '/api/identity/acme/system/pools/people';

let server: ApiServer;
let sink: SmtpSink;
let admin: ApiClient;
let system: ApiClient;
let app: { readonly clientId: string; readonly clientSecret: string };

beforeAll(async () => {
  sink = await startSmtpSink();
  server = await startApiServer({
    SMTP_URL: sink.url,
    MAIL_FROM: 'Acme <id@mail.example.test>',
    SOURCE_ATTEMPT_LIMIT: '100000',
  });
  await server.createTenant('acme');
  admin = server.api('acme');
  system = await server.system('acme', 'identity', 'read_configuration', 'manage_configuration');
  const made = [
    await admin.post('/api/admin/acme/servers', { id: 'shop', name: 'Shop' }),
    await admin.post('/api/identity/acme/admin/pools', {
      id: 'people',
      name: 'People',
      authentication_mechanisms: ['password', 'email_otp'],
      public_registration_allowed: true,
    }),
    await admin.post('/api/admin/acme/servers/shop/idps/identity_pool', { identity_pool_id: 'people' }),
  ];
  expect(made.map(({ status }) => status)).toEqual([201, 201, 201]);
  const { body } = await admin.post('/api/admin/acme/clients', {
    authorization_server_id: 'shop',
    redirect_uris: [CALLBACK],
    trusted: true,
    scopes: ['openid', 'profile', 'email', 'manage_ss_profile', 'view_ss_profile'],
  });
  app = { clientId: body.client_id, clientSecret: body.client_secret };
});
afterAll(async () => {
  await server.stop();
  await sink.close();
});

type Mail = ReceivedMail & { readonly code: string; readonly link: string };

/** The `nth` mail to somebody, as their mail server got it. Code and link are what a person would find in it. */
async function mailTo(to: string, nth = 1): Promise<Mail> {
  const mail = await eventually(async () => {
    const mails = sink.mails.filter(({ recipients }) => recipients.includes(to));
    return mails[nth - 1];
  });
  return {
    ...mail,
    code: /(?<![\w-])\d{6}(?![\w-])/.exec(mail.text)?.[0] ?? '',
    link: /http\S+code=\S+/.exec(mail.text)?.[0] ?? '',
  };
}
const extended = ({ link }: Mail): string => new URL(link).searchParams.get('code') ?? '';

let people = 0;
const nextAddress = () => `person${(people += 1)}@example.test`;

/** A person as an administrator enters one; with a password they are active, without one invited. */
async function create(password?: object, over: object = {}) {
  const email = nextAddress();
  const answer = await admin.post(`${A}/users`, {
    status: password === undefined ? 'new' : 'active',
    payload: person('Ann'),
    identifiers: [{ identifier: email, type: 'email' }],
    verifiable_addresses: [
      { address: email, type: 'email', verified: password !== undefined, status: 'active' },
    ],
    ...(password === undefined
      ? {}
      : { credentials: [{ type: 'password', password: PASSWORD, ...password }] }),
    ...over,
  });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return { id: answer.body.id as string, email, user: `${A}/users/${answer.body.id}` };
}

const visitor = (scope = 'openid') =>
  RelyingParty.discover({ issuer: `${server.url}/acme/shop`, ...app, redirectUri: CALLBACK, scope });

/** What comes back where somebody types name and password. */
async function type(identifier: string, password: string, scope?: string) {
  const there = await visitor(scope);
  const flow = await there.begin();
  const page = await there.browser.submit('#login-form', { identifier, password });
  return { page, browser: there.browser, finish: (end: Page) => there.finish(flow, end) };
}
const twice = (text: string) => ({ new_password: text, new_password_repeat: text });
const worth = (identifier: string, password: string): Promise<ApiAnswer> =>
  system.post(`${Y}/user/password/v2/verify`, { identifier, password });
const expectStatus = async (status: number, answer: Promise<ApiAnswer>) => {
  const given = await answer;
  expect(given.status, JSON.stringify(given.body)).toBe(status);
  return given;
};

describe('the flows of the contract, with mails as a mail server gets them', () => {
  it('5.1 an administrator invites somebody, who follows the link', async () => {
    const { id, email, user } = await create();
    const send = `${user}/activation/send?server_id=shop&post_activation_url=https://app.example.test/in`;
    await expectStatus(204, admin.post(send, { address: email }));
    const first = await mailTo(email);
    expect(first.from).toBe('id@mail.example.test');
    expect(first.recipients).toEqual([email]);
    // Resend: the same call; the link before is dead.
    await expectStatus(204, admin.post(send, { address: email }));
    const second = await mailTo(email, 2);
    await expectStatus(401, system.post(`${Y}/user/otp/inspect`, { code: extended(first) }));
    expect(await system.post(`${Y}/user/otp/inspect`, { code: extended(second) })).toMatchObject({
      body: { user_id: id, code_type: 'activation', password_set: false },
    });
    const browser = new Browser();
    await browser.open(second.link);
    await browser.submit('#activate-form');
    const done = await browser.submit('#activate-form', twice(PASSWORD));
    expect(done.document.query('[data-done=activated]')).toBeDefined();
    expect(done.document.links.map(({ href }) => href.href)).toContain('https://app.example.test/in');
    expect((await admin.get(user)).body).toMatchObject({
      status: 'active',
      verifiable_addresses: [{ address: email, verified: true }],
    });
    const { page, finish } = await type(email, PASSWORD);
    expect((await finish(page)).claims.sub).toBe(id);
  });

  it('5.1 and a backend activates who gives it the short code; the address becomes an identifier', async () => {
    const { email, user, id } = await create(undefined, { identifiers: [] });
    await expectStatus(204, admin.post(`${user}/activation/send?code_type_in_message=code`, {}));
    const { code } = await mailTo(email);
    await expectStatus(401, system.post(`${Y}/users/${id}/activate`, { code: '000000' }));
    const activated = await expectStatus(201, system.post(`${Y}/users/${id}/activate`, { code }));
    expect(activated.body).toMatchObject({
      status: 'active',
      identifiers: [{ identifier: email, type: 'email' }],
    });
    await expectStatus(401, system.post(`${Y}/users/${id}/activate`, { code }));
  });

  it('5.2 and 5.3 a password that an administrator gave is changed at the first sign-in, or reset', async () => {
    const { id, email, user } = await create({ must_be_changed: true });
    expect((await worth(email, PASSWORD)).body).toMatchObject({ state: 'must_be_changed' });
    const forced = await type(email, PASSWORD);
    const end = await forced.browser.submit('#new-password-form', twice(NEXT));
    expect((await forced.finish(end)).claims.sub).toBe(id);
    expect((await worth(email, NEXT)).body).toMatchObject({ state: 'valid', result: 'password_correct' });
    expect((await mailTo(email)).text).toContain('password');

    await expectStatus(204, admin.put(`${user}/password/state`, { state: 'must_be_reset' }));
    const refused = await type(email, NEXT);
    expect(refused.page.stoppedAt).toBeUndefined();
    expect(refused.page.document.text).toContain('You need a new password');
    await expectStatus(204, admin.post(`${user}/password/reset/request?server_id=shop`, { address: email }));
    await refused.browser.open((await mailTo(email, 2)).link);
    const set = await refused.browser.submit('#new-password-form', twice(PASSWORD));
    expect(set.document.query('#done-page')).toBeDefined();
    expect((await worth(email, PASSWORD)).body).toMatchObject({ state: 'valid' });
  });

  it('5.4 somebody registers; whose name is taken already hears of it', async () => {
    const email = nextAddress();
    const browser = new Browser();
    await browser.open(`${server.url}/acme/identity/people/register?server_id=shop`);
    await browser.submit('#register-form', {
      identifier: email,
      'payload.name': 'Mara Linde',
      'payload.given_name': 'Mara',
      'payload.family_name': 'Linde',
      credential: 'password',
      ...twice(PASSWORD),
    });
    const done = await browser.submit('#code-form', { code: (await mailTo(email)).code });
    expect(done.status).toBe(200);
    const { page, finish } = await type(email, PASSWORD);
    const { claims } = await finish(page);

    const again = { identifier: email, payload: person('Eve'), password: NEXT };
    const { body } = await expectStatus(
      201,
      system.post(`${Y}/user/register?code_type_in_message=code`, again),
    );
    expect(body.id).not.toBe(claims.sub);
    await expectStatus(404, system.get(`${Y}/users/${body.id}`));
    const told = await mailTo(email, 2);
    expect([told.code, told.link]).toEqual(['', '']);
    expect(told.text).toMatch(/already/);
    expect((await worth(email, NEXT)).body.result).toBe('password_incorrect');
  });

  it('5.5 a code by mail signs in, at the page and at a backend', async () => {
    const { id, email } = await create({});
    const there = await visitor();
    const flow = await there.begin();
    await there.browser.follow('#use-email_otp');
    await there.browser.submit('#login-form', { identifier: email });
    const typed = await there.browser.submit('#code-form', { code: (await mailTo(email)).code });
    expect((await there.finish(flow, typed)).claims).toMatchObject({ sub: id, amr: ['otp'] });

    await expectStatus(204, system.post(`${Y}/user/otp/request`, { address: email }));
    const answer = { code: (await mailTo(email, 2)).code, identifier: email };
    await expectStatus(401, system.post(`${Y}/user/authentication-code/verify`, answer));
    expect((await expectStatus(200, system.post(`${Y}/user/otp/verify`, answer))).body).toEqual({ id });
    await expectStatus(401, system.post(`${Y}/user/otp/verify`, answer));
    // Nobody learns that there is nobody, and nothing is sent.
    await expectStatus(204, system.post(`${Y}/user/otp/request`, { address: 'nobody@example.test' }));
    expect(sink.attempts.has('nobody@example.test')).toBe(false);
  });

  it('5.6 a forgotten password is replaced by the code of a mail, which ends what was signed in', async () => {
    const { id, email } = await create({});
    const before = await type(email, PASSWORD);
    const { tokens } = await before.finish(before.page);
    const request = `${Y}/user/password/reset/request?server_id=shop`;
    await expectStatus(204, system.post(request, { address: email }));
    await expectStatus(204, system.post(request, { address: 'nobody@example.test' }));
    const code = extended(await mailTo(email));
    const inspected = await expectStatus(200, system.post(`${Y}/user/otp/inspect`, { code }));
    expect(inspected.body).toEqual({ user_id: id, code_type: 'reset_password', password_set: true });
    const complete = (body: object) => system.post(`${Y}/user/password/reset/complete`, body);
    await expectStatus(422, complete({ code, new_password: 'short' }));
    await expectStatus(204, complete({ code, new_password: NEXT }));
    await expectStatus(401, complete({ code, new_password: NEXT }));
    expect((await worth(email, NEXT)).body).toEqual({ id, state: 'valid', result: 'password_correct' });
    const info = await fetch(`${server.url}/acme/shop/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(info.status).toBe(401);
    const notice = await mailTo(email, 2);
    expect([notice.code, notice.link]).toEqual(['', '']);
    expect(sink.attempts.has('nobody@example.test')).toBe(false);
  });

  it('5.7 a password is changed by who knows it, who is told by mail', async () => {
    const { id, email } = await create({});
    const change = (old_password: string, new_password: string) =>
      system.post(`${Y}/users/${id}/change-password`, { old_password, new_password });
    await expectStatus(401, change(NEXT, NEXT));
    await expectStatus(422, change(PASSWORD, 'short'));
    await expectStatus(204, change(PASSWORD, NEXT));
    expect((await mailTo(email)).text).not.toContain(NEXT);
    const none = await create(undefined, { status: 'active' });
    await expectStatus(
      422,
      system.post(`${Y}/users/${none.id}/change-password`, { old_password: NEXT, new_password: PASSWORD }),
    );
  });

  it('5.8 an address is verified by the link of a mail, and stays no identifier', async () => {
    const { id, user, email } = await create({});
    const address = nextAddress();
    const added = { address, type: 'email', verified: false, status: 'active' };
    await expectStatus(200, admin.post(`${user}/addresses/add`, added));
    await expectStatus(204, admin.post(`${user}/address/verification/request?server_id=shop`, { address }));
    const browser = new Browser();
    await browser.open((await mailTo(address)).link);
    const done = await browser.submit('form');
    expect(done.document.query('#done-page')).toBeDefined();
    const { body } = await admin.get(user);
    expect(body.verifiable_addresses).toContainEqual(
      expect.objectContaining({ address, verified: true, verified_at: expect.any(String) as string }),
    );
    expect(body.identifiers.map(({ identifier }: { identifier: string }) => identifier)).toEqual([email]);

    const other = nextAddress();
    await expectStatus(200, admin.post(`${user}/addresses/add`, { ...added, address: other }));
    await expectStatus(204, system.post(`${Y}/users/${id}/address/verification/request`, { address: other }));
    const { code } = await mailTo(other);
    const complete = (typed: string) =>
      system.post(`${Y}/users/${id}/address/verification/complete`, { address: other, code: typed });
    await expectStatus(401, complete('000000'));
    await expectStatus(204, complete(code));
  });

  it('5.9 an authenticator app is set, changed, and reset by the code of a mail', async () => {
    const { id, email } = await create({});
    await expectStatus(204, system.post(`${Y}/user/totp/reset/request`, { address: email }));
    const proven = { code: extended(await mailTo(email)), new_totp_secret: TOTP };
    await expectStatus(204, system.post(`${Y}/user/totp/reset/complete`, proven));
    const other = 'KRSXG5CTKRSXG5CTKRSXG5CTKRSXG5CT';
    const change = (totp: string, new_totp_secret: string) =>
      system.post(`${Y}/users/${id}/totp/change`, { totp, new_totp_secret });
    await expectStatus(401, change('000000', other));
    await expectStatus(204, change(totpCode(TOTP), other));
    const { body } = await admin.get(`${A}/users/${id}`);
    const totp = body.credentials.find((one: { type: string }) => one.type === 'totp');
    expect(totp.payload).toEqual({ secret: '###' });
    expect(JSON.stringify(body)).not.toContain(other);
  });

  it('5.10 a lost passkey is replaced by the code of a mail; more are added while signed in', async () => {
    const { id, email } = await create({});
    const device = new SoftwareAuthenticator({ origin: server.url });
    const record = device.record({
      challenge: 'AAAA',
      rp: { id: 'localhost' },
      user: { id: Buffer.from(id).toString('base64url') },
    });
    await expectStatus(204, system.post(`${Y}/user/webauthn/add/request`, { address: email }));
    const code = extended(await mailTo(email));
    const add = { code, new_web_authn: record };
    await expectStatus(204, system.post(`${Y}/user/webauthn/add/complete`, add));
    await expectStatus(401, system.post(`${Y}/user/webauthn/add/complete`, add));

    const entered = await type(email, PASSWORD, 'openid view_ss_profile manage_ss_profile');
    const { tokens } = await entered.finish(entered.page);
    const self = async (method: string, path: string, body?: object) => {
      const answer = await fetch(`${server.url}/acme/shop/identity/v2/self${path}`, {
        method,
        headers: { authorization: `Bearer ${tokens.access_token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: answer.status === 204 ? {} : await answer.json() };
    };
    const begun = await self('POST', '/webauthn/create/begin');
    const { publicKey } = begun.body as { publicKey: CreationRequest };
    const second = new SoftwareAuthenticator({ origin: server.url }).create(publicKey);
    expect(await self('POST', '/webauthn/create/complete', second)).toMatchObject({ status: 200 });
    expect(await self('PUT', `/webauthn/${second.id}/name`, { name: 'Phone' })).toMatchObject({
      status: 204,
    });
    expect((await self('DELETE', `/webauthn/${second.id}`)).status).toBe(204);
    // The last one stays.
    expect((await self('DELETE', `/webauthn/${device.id.toString('base64url')}`)).status).toBe(403);
  });

  it('5.11 people move in with their hashes, twice as well as once, and sign in', async () => {
    const id = randomUUID();
    const email = nextAddress();
    const owner = { tenant_id: 'acme', user_pool_id: 'people', user_id: id };
    const value = await bcrypt(PASSWORD, 4);
    const hashed_password = { value, config: { method: 'bcrypt', bcrypt: { cost: 4 } } };
    const dump = {
      users: [{ id, tenant_id: 'acme', user_pool_id: 'people', status: 'active', payload: person('Ida') }],
      user_identifiers: [{ ...owner, id: randomUUID(), identifier: email, type: 'email' }],
      user_credentials: [
        { ...owner, id: randomUUID(), type: 'password', state: 'valid', payload: { hashed_password } },
      ],
    };
    const path = '/api/identity/acme/configuration';
    for (let times = 0; times < 2; times += 1) await expectStatus(204, system.put(path, dump));
    const { page, finish } = await type(email, PASSWORD);
    expect((await finish(page)).claims.sub).toBe(id);
    const { body } = await expectStatus(200, system.get(path));
    expect(body.users.map((one: { id: string }) => one.id)).toContain(id);
    expect(JSON.stringify(body)).not.toContain(value);
  });

  it('5.12 people are in groups, and in those above', async () => {
    const { id } = await create({});
    const group = async (name: string, parent_id?: string): Promise<string> =>
      (await expectStatus(201, admin.post(`${A}/groups`, { name, parent_id }))).body.id;
    const crew = await group('Crew');
    const night = await group('Night', crew);
    for (let times = 0; times < 2; times += 1) {
      await expectStatus(204, admin.put(`${A}/groups/${night}/users/${id}`, undefined));
    }
    await expectStatus(204, admin.get(`${A}/users/${id}/groups/${night}`));
    await expectStatus(404, admin.get(`${A}/users/${id}/groups/${crew}`));
    await expectStatus(204, admin.get(`${A}/users/${id}/groups/${crew}?with_nested_groups=true`));
    const names = async (path: string) =>
      (await expectStatus(200, admin.get(path))).body.map(({ name }: { name: string }) => name);
    expect(await names(`${A}/users/${id}/groups?with_parent_groups=true`)).toEqual(['Crew', 'Night']);
    expect(await names(`${A}/groups`)).toEqual(['Crew']);
    expect(await names(`${A}/groups?parent_id=${crew}`)).toEqual(['Night']);
    await expectStatus(204, admin.delete(`${A}/groups/${crew}`));
    await expectStatus(404, admin.get(`${A}/groups/${night}`));
    await expectStatus(200, admin.get(`${A}/users/${id}`));
  });
});
