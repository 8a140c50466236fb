import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyPassword } from '../../src/credentials/hashers/index.ts';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { person } from '../support/domain.ts';
import { latestMessage, messagesTo } from '../support/mailbox.ts';
import { systemClient, type SystemClient } from '../support/system_client.ts';

const PASSWORD = 'four calm herons fish at dusk';
const OTHER = 'the lamp leans over the chart';
const A = '/api/identity/acme/admin/pools/staff';
const Y = '/api/identity/acme/system/pools/staff';

let server: ApiServer;
let acme: ApiClient;
let backend: SystemClient;

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  acme = server.api('acme');
  await acme.post('/api/identity/acme/admin/pools', {
    id: 'staff',
    name: 'Staff',
    public_registration_allowed: true,
    identifier_case_insensitive: true,
  });
  backend = await systemClient(server, 'acme');
});
afterAll(() => server.stop());

let people = 0;
const nextAddress = () => `person${(people += 1)}@example.test`;

async function create(status: 'new' | 'active', over: object = {}) {
  const email = nextAddress();
  const { body } = await acme.post(`${A}/users`, {
    status,
    identifiers: [{ identifier: email, type: 'email' }],
    verifiable_addresses: [{ address: email, type: 'email', verified: status === 'active' }],
    payload: person('Ann'),
    ...(status === 'active' ? { credentials: [{ type: 'password', password: PASSWORD }] } : {}),
    ...over,
  });
  return { id: body.id as string, email };
}

const codeIn = (link: string | undefined): string => new URL(link ?? '').searchParams.get('code') ?? '';

async function passwordOf(userId: string): Promise<string> {
  const row = await server.db
    .knex('credentials')
    .where({ user_id: userId, type: 'password' })
    .first('secret');
  return (row as { secret: string }).secret;
}

describe('an invitation (contract 5.1)', () => {
  it('goes out as a link, is inspected, and activates the account with a password', async () => {
    const { id, email } = await create('new', { payload: {} });
    const send = `${A}/users/${id}/activation/send?server_id=demo&post_activation_url=https://app.example.test/in`;
    expect(await acme.post(send, { address: email.toUpperCase() })).toMatchObject({ status: 204 });
    const mail = await latestMessage(server, email);
    expect(mail).toMatchObject({
      template: 'activate_account_with_link',
      channel: 'email',
      purpose: 'activation',
    });
    expect(mail.link).toMatch(
      new RegExp(`^${server.url}/acme/identity/staff/activate\\?code=[A-Za-z0-9_-]{64}&server_id=demo$`),
    );
    const code = codeIn(mail.link);
    const inspected = { user_id: id, code_type: 'activation', password_set: false };
    for (let times = 0; times < 7; times += 1) {
      expect(await backend.post(`${Y}/user/otp/inspect`, { code })).toMatchObject({
        status: 200,
        body: inspected,
      });
    }

    // A refusal leaves the code good.
    const weak = await backend.post(`${Y}/user/activate`, {
      code,
      password: 'password',
      payload: person('Ann'),
    });
    expect(weak).toMatchObject({ status: 422, body: { error_code: 'password_policy' } });
    const incomplete = await backend.post(`${Y}/user/activate`, { code, password: PASSWORD });
    expect(incomplete.status).toBe(422);
    expect(incomplete.body.details.map(({ pointer }: { pointer: string }) => pointer)).toContain(
      '/payload/name',
    );

    const stale = await backend.post(
      `${Y}/user/activate`,
      { code, payload: person('Ann') },
      { 'if-match': '"99"' },
    );
    expect(stale.status).toBe(412);

    const done = await backend.post(`${Y}/user/activate`, {
      code,
      password: PASSWORD,
      payload: person('Ann'),
    });
    expect(done).toMatchObject({
      status: 201,
      body: { id, status: 'active', verifiable_addresses: [{ address: email, verified: true }] },
    });
    expect(await verifyPassword(PASSWORD, await passwordOf(id))).toBe(true);
    expect(await backend.post(`${Y}/user/activate`, { code })).toMatchObject({ status: 401 });
    expect(await backend.post(`${Y}/user/otp/inspect`, { code })).toMatchObject({ status: 401 });
  });

  it('takes a short code for the person, adds the address as identifier, and a resend ends the code before', async () => {
    const { id, email } = await create('new', {
      identifiers: [{ identifier: nextAddress(), type: 'email' }],
    });
    const send = `${A}/users/${id}/activation/send?code_type_in_message=code`;
    await acme.post(send, {});
    const first = (await latestMessage(server, email)).code;
    await acme.post(send, {});
    const second = await latestMessage(server, email);
    expect(second).toMatchObject({ template: 'activate_account_with_code' });
    expect(second.link).toBeUndefined();
    const activate = (code: unknown) => backend.post(`${Y}/users/${id}/activate`, { code });
    if (first !== second.code) expect(await activate(first)).toMatchObject({ status: 401 });
    const done = await activate(second.code);
    expect(done.body.identifiers.map(({ identifier }: { identifier: string }) => identifier)).toContain(
      email,
    );
  });

  it('is refused where it cannot be: no address, a foreign one, somebody active, nobody', async () => {
    const { id: bare } = await create('new', { verifiable_addresses: [] });
    const { id, email } = await create('active');
    const fresh = await create('new');
    const send = (user: string, body: object) => acme.post(`${A}/users/${user}/activation/send`, body);
    expect(await send(bare, {})).toMatchObject({ status: 422, body: { error_code: 'address_needed' } });
    expect(await send(fresh.id, { address: email })).toMatchObject({ status: 422 });
    expect(await send(id, {})).toMatchObject({ status: 422, body: { error_code: 'wrong_status' } });
    expect(await send('nobody', {})).toMatchObject({ status: 404 });
    expect(
      await acme.post(`${A}/users/${fresh.id}/activation/send?post_activation_url=javascript:1`, {}),
    ).toMatchObject({
      status: 400,
    });
  });

  it('goes to a telephone as well', async () => {
    const address = '+48600700800';
    const { id } = await create('new', {
      verifiable_addresses: [{ address, type: 'mobile', verified: false }],
    });
    await acme.post(`${A}/users/${id}/activation/send`, { address });
    const text = await latestMessage(server, address);
    expect(text).toMatchObject({ channel: 'sms' });
    const done = await backend.post(`${Y}/user/activate`, { code: codeIn(text.link) });
    expect(done.body.verifiable_addresses).toMatchObject([{ address, verified: true }]);
  });

  it('does not activate when the address belongs to somebody else by now, or is gone', async () => {
    const { id, email } = await create('new');
    await acme.post(`${A}/users/${id}/activation/send`, {});
    const code = codeIn((await latestMessage(server, email)).link);
    const thief = await acme.post(`${A}/users`, {
      status: 'active',
      identifiers: [],
      verifiable_addresses: [{ address: email, type: 'email', verified: true }],
      payload: person('Cay'),
    });
    // Somebody else's identifier already stands in the way of the proof.
    expect(thief.status).toBe(409);
    await server.db.knex('identifiers').where({ user_id: id }).del();
    expect(
      await acme.post(`${A}/users`, {
        status: 'active',
        verifiable_addresses: [{ address: email, type: 'email', verified: true }],
        payload: person('Cay'),
      }),
    ).toMatchObject({ status: 201 });
    const refused = await backend.post(`${Y}/user/activate`, { code });
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'address_taken' } });
  });
});

describe('self-registration (contract 5.4)', () => {
  it('registers, sends the message and activates', async () => {
    const identifier = nextAddress();
    const made = await backend.post(`${Y}/user/register?code_type_in_message=code`, {
      identifier,
      password: PASSWORD,
      payload: person('Rae'),
    });
    expect(made).toMatchObject({ status: 201 });
    const { code } = await latestMessage(server, identifier);
    const done = await backend.post(`${Y}/users/${made.body.id}/activate`, { code });
    expect(done).toMatchObject({
      status: 201,
      body: { status: 'active', verifiable_addresses: [{ address: identifier, verified: true }] },
    });
    expect(await verifyPassword(PASSWORD, await passwordOf(made.body.id as string))).toBe(true);
  });

  it('sends the code to an address of another kind than the identifier', async () => {
    const register = (body: object) =>
      backend.post(`${Y}/user/register`, { payload: person('Uwe'), ...body });
    const address = nextAddress();
    expect(await register({ identifier: 'uwe-1', otp_address: address })).toMatchObject({ status: 201 });
    expect(await latestMessage(server, address)).toMatchObject({ template: 'activate_account_with_link' });
    for (const body of [
      { identifier: 'uwe-2' },
      { identifier: nextAddress(), otp_address: nextAddress() },
      { identifier: 'uwe-3', otp_address: 'not an address' },
    ]) {
      const refused = await register(body);
      expect(refused.status).toBe(422);
      expect(refused.body.details[0].pointer).toBe('/otp_address');
    }
  });

  it('lets whoever follows the link elsewhere replace what was there before the proof', async () => {
    const identifier = nextAddress();
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const body = { identifier, password: OTHER, totp_secret: secret, payload: person('Vic') };
    await backend.post(`${Y}/user/register`, body);
    const code = codeIn((await latestMessage(server, identifier)).link);
    // A backend that confirms the registrant's own choice cannot set another password beside it.
    const refused = await backend.post(`${Y}/user/activate`, { code, password: PASSWORD });
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'password_set' } });
    const user = await server.domain.activation.activateByLink(
      { tenantId: 'acme', poolId: 'staff' },
      { code, password: PASSWORD, replacesEarlier: true, by: { kind: 'system' }, source: undefined },
    );
    expect(user.credentials.map(({ type }) => type)).toEqual(['password']);
    expect(await verifyPassword(PASSWORD, await passwordOf(user.id))).toBe(true);
  });

  it('tells the owner of a taken name, and the caller nothing', async () => {
    const { id, email } = await create('active');
    const taken = await backend.post(`${Y}/user/register`, { identifier: email, password: OTHER });
    expect(taken).toMatchObject({ status: 201, etag: '"1"' });
    expect(taken.body.id).not.toBe(id);
    expect(await acme.get(`${A}/users/${taken.body.id}`)).toMatchObject({ status: 404 });
    expect(await messagesTo(server, email)).toMatchObject([{ template: 'identifier_used' }]);
    expect(await verifyPassword(PASSWORD, await passwordOf(id))).toBe(true);
    // Later steps with that id go on as with any other.
    const ghost = `${Y}/users/${taken.body.id}`;
    expect(await backend.post(`${ghost}/activation/send`, {})).toMatchObject({ status: 204 });
    expect(await backend.post(`${ghost}/activate`, { code: '123456' })).toMatchObject({ status: 401 });
  });

  it('is refused where the pool does not allow it, even for a form opened before', async () => {
    await acme.post('/api/identity/acme/admin/pools', { id: 'closed', name: 'Closed' });
    const refused = await backend.post('/api/identity/acme/system/pools/closed/user/register', {
      identifier: nextAddress(),
    });
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'registration_not_allowed' } });
    expect(await server.db.knex('users').where({ pool_id: 'closed' })).toEqual([]);
  });
});

describe('a password reset (contract 5.6)', () => {
  it('sets the password, verifies the address, ends everything open and tells the person', async () => {
    const { id, email } = await create('active');
    await server.db.knex('verifiable_addresses').where({ user_id: id }).update({ verified: false });
    await backend.post(`${Y}/user/password/reset/request`, { address: email });
    // An unproven address needs the person's name beside it.
    expect(await messagesTo(server, email)).toEqual([]);
    await backend.post(`${Y}/user/password/reset/request`, { address: email, identifier: email });
    const mail = await latestMessage(server, email);
    expect(mail.link).toMatch(/\/acme\/identity\/staff\/set-password\?code=/);
    expect(await verifyPassword(PASSWORD, await passwordOf(id))).toBe(true);

    const challenge = await backend.post(`${Y}/users/${id}/code/generate`, { type: 'challenge' });
    const done = await backend.post(`${Y}/user/password/reset/complete`, {
      code: codeIn(mail.link),
      new_password: OTHER,
    });
    expect(done).toMatchObject({ status: 204 });
    expect(await verifyPassword(OTHER, await passwordOf(id))).toBe(true);
    const { body } = await acme.get(`${A}/users/${id}`);
    expect(body).toMatchObject({
      verifiable_addresses: [{ verified: true }],
      credentials: [{ type: 'password', state: 'valid' }],
    });
    const late = await backend.post(`${Y}/user/otp/verify`, { code: challenge.body.code, userID: id });
    expect(late.status).toBe(401);
    expect((await latestMessage(server, email)).template).toBe('password_changed');
  });

  it('removes what a stranger could have put there before anybody proved the address', async () => {
    const { id, email } = await create('active');
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const setTotp = async () => {
      const { body } = await backend.post(`${Y}/users/${id}/code/generate`, { type: 'reset_totp' });
      const completed = { code: body.code, userID: id, new_totp_secret: secret };
      expect(await backend.post(`${Y}/user/totp/reset/complete`, completed)).toMatchObject({ status: 204 });
    };
    const reset = async () => {
      await acme.post(`${A}/users/${id}/password/reset/request`, { address: email });
      const code = codeIn((await latestMessage(server, email)).link);
      const body = { code, new_password: OTHER };
      expect(await backend.post(`${Y}/user/password/reset/confirm`, body)).toMatchObject({ status: 204 });
      const user = await acme.get(`${A}/users/${id}`);
      return user.body.credentials.map(({ type }: { type: string }) => type);
    };
    await setTotp();
    // A second factor stays when the owner of a proven address resets the first.
    expect(await reset()).toEqual(['password', 'totp']);
    await server.db.knex('verifiable_addresses').where({ user_id: id }).update({ verified: false });
    expect(await reset()).toEqual(['password']);
  });

  it('is left to administrators where the pool says so', async () => {
    await acme.put(A, {
      name: 'Staff',
      reset_credentials_settings: { do_not_allow_users_to_self_reset_credentials: true },
    });
    const { id, email } = await create('active');
    expect(await backend.post(`${Y}/user/password/reset/request`, { address: email })).toMatchObject({
      status: 204,
    });
    expect(await messagesTo(server, email)).toEqual([]);
    await acme.post(`${A}/users/${id}/password/reset/request`, { address: email });
    const code = codeIn((await latestMessage(server, email)).link);
    const scope = { tenantId: 'acme', poolId: 'staff' };
    const reset = { code, newPassword: OTHER, key: {}, by: { kind: 'system' }, source: undefined } as const;
    await expect(server.domain.recovery.completeInPublic(scope, reset)).rejects.toMatchObject({
      kind: 'forbidden',
    });
    expect(
      await backend.post(`${Y}/user/password/reset/complete`, { code, new_password: OTHER }),
    ).toMatchObject({
      status: 204,
    });
    await acme.put(A, { name: 'Staff', reset_credentials_settings: {} });
  });
});

describe('challenges and generated codes', () => {
  it('goes to a proven address, is answered once, and the newer request ends the older', async () => {
    const { id, email } = await create('active');
    const request = (body: object) => backend.post(`${Y}/user/otp/request`, body);
    await request({ address: email });
    const first = (await latestMessage(server, email)).code;
    await request({ identifier: email });
    const { code } = await latestMessage(server, email);
    const verify = (body: object) => backend.post(`${Y}/user/otp/verify`, body);
    if (first !== code) expect(await verify({ code: first, userID: id })).toMatchObject({ status: 401 });
    expect(await verify({ code })).toMatchObject({ status: 401 });
    expect(await verify({ code, userID: id, identifier: email })).toMatchObject({ status: 422 });
    expect(await verify({ code, id })).toMatchObject({ status: 200, body: { id } });
    expect(await verify({ code, id })).toMatchObject({ status: 401 });
  });

  it('gives codes in clear only to the scope made for it, and not for those who administer', async () => {
    const { id, email } = await create('active');
    const plain = await systemClient(server, 'acme', ['identity']);
    const wish = { type: 'reset_password', identifier: email };
    expect(await plain.post(`${Y}/user/code/generate`, wish)).toMatchObject({ status: 403 });
    const made = await backend.post(`${Y}/user/code/generate`, wish);
    expect(made).toMatchObject({ status: 201, body: { code: expect.stringMatching(/^\d{6}$/) as string } });
    await server.db.knex('role_grants').insert({
      tenant_id: 'acme',
      resource_type: 'tenant',
      resource_id: '',
      subject_type: 'identity_pool_user',
      subject_id: id,
      role: 'admin',
    });
    expect(await backend.post(`${Y}/user/code/generate`, wish)).toMatchObject({ status: 404 });
    expect(await backend.post(`${Y}/users/${id}/code/generate`, wish)).toMatchObject({ status: 403 });
  });

  it('verifies an address with the newest code of that address', async () => {
    const { id } = await create('active');
    const [one, two] = [nextAddress(), nextAddress()];
    await server.db.knex('verifiable_addresses').insert(
      [one, two].map((address) => ({
        tenant_id: 'acme',
        pool_id: 'staff',
        user_id: id,
        address_id: address,
        type: 'email',
        address,
        address_lc: address,
        lookup_key: address,
      })),
    );
    for (const address of [one, two]) {
      await backend.post(`${Y}/users/${id}/address/verification/request`, { address });
    }
    const code = (await latestMessage(server, one)).code;
    const complete = (address: string) =>
      backend.post(`${Y}/users/${id}/address/verification/complete`, { address, code });
    expect(await complete(two)).toMatchObject({ status: 401 });
    expect(await complete(one)).toMatchObject({ status: 204 });
    expect(await acme.post(`${A}/users/${id}/address/verification/request`, { address: one })).toMatchObject({
      status: 409,
    });
    await acme.post(`${A}/users/${id}/address/verification/request`, { address: two });
    const { link } = await latestMessage(server, two);
    expect(link).toMatch(/\/acme\/identity\/staff\/verify-address\?code=/);
    const proof = { address: two, code: codeIn(link), by: { kind: 'system' }, source: undefined } as const;
    await server.domain.addressVerification.completeByLink({ tenantId: 'acme' }, proof);
    const { body } = await acme.get(`${A}/users/${id}`);
    expect(body.verifiable_addresses.map(({ verified }: { verified: boolean }) => verified)).toEqual([
      true,
      true,
      true,
    ]);
    expect(body.identifiers).toHaveLength(1);
  });
});
