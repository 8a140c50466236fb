import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { ApiAnswer } from '../../support/api_server.ts';
import { SoftwareAuthenticator, type CreationRequest } from '../../support/software_authenticator.ts';
import { totpCode } from '../../support/totp.ts';
import { PASSWORD, type World } from '../world.ts';
import { ADMIN, expectStatus, SELF, SYSTEM, type Part } from './step.ts';

const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

/** Both APIs register keys in the same way; each gives a caller for it. */
type Caller = (status: number, method: string, path: string, body?: unknown) => Promise<ApiAnswer>;

async function ceremony(world: World, call: Caller, keys: string): Promise<string> {
  const { body: options } = await call(200, 'post', `${keys}/create/begin`);
  const device = new SoftwareAuthenticator({ origin: world.server.url });
  const made = device.create(options.publicKey as CreationRequest);
  const { body } = await call(200, 'post', `${keys}/create/complete`, made);
  expect(body.credentials.map((key: { id: string }) => key.id)).toContain(device.id.toString('base64'));
  await call(204, 'put', `${keys}/${made.id}/name`, { name: 'Phone' });
  return made.id;
}

const caller =
  (world: World, token: string): Caller =>
  async (status, method, path, body) => {
    const answer = await world.withToken(token, {
      method,
      path: `${SELF}${path}`,
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(status);
    return answer;
  };

async function somebody(world: World) {
  const who = await world.addPerson(`keys-${randomUUID().slice(0, 8)}`);
  return { ...who, call: caller(world, await world.signIn(who.identifier)) };
}

export const passkeys: Part = {
  name: 'passkeys and codes of an app',
  steps: [
    {
      name: 'are handled by a backend',
      go: async (world) => {
        const { id, identifier } = await world.addPerson(`backend-${randomUUID().slice(0, 8)}`);
        const call: Caller = (status, method, path, body) =>
          expectStatus(world, 'system', status, method, path, body);
        const keys = `${SYSTEM.pool}/users/${id}/webauthn`;
        const key = await ceremony(world, call, keys);
        await call(204, 'delete', `${keys}/${key}`);

        const generated = await expectStatus(
          world,
          'system',
          201,
          'post',
          `${SYSTEM.pool}/users/${id}/code/generate`,
          {
            type: 'enroll_webauthn',
          },
        );
        const device = new SoftwareAuthenticator({ origin: world.server.url });
        const record = device.record({
          challenge: 'AAAA',
          rp: { id: 'localhost' },
          user: { id: Buffer.from(id).toString('base64url') },
        });
        const add = { code: generated.body.code, new_web_authn: record, identifier };
        const complete = `${SYSTEM.pool}/user/webauthn/add/complete`;
        await expectStatus(world, 'system', 412, 'post', complete, add, { 'if-match': '"999999"' });
        await call(204, 'post', complete, add);
        await call(401, 'post', complete, add);

        const totp = await expectStatus(
          world,
          'system',
          201,
          'post',
          `${SYSTEM.pool}/users/${id}/code/generate`,
          {
            type: 'reset_totp',
          },
        );
        await call(204, 'post', `${SYSTEM.pool}/user/totp/reset/complete`, {
          code: totp.body.code,
          new_totp_secret: SECRET,
          identifier,
        });
        const change = { totp: totpCode(SECRET), new_totp_secret: `${SECRET.slice(0, -8)}KRSXG5CT` };
        await call(204, 'post', `${SYSTEM.pool}/users/${id}/totp/change`, change);
      },
    },
    {
      name: 'are handled by people themselves',
      go: async (world) => {
        const me = await somebody(world);
        const keys = '/v2/self/webauthn';
        const first = await ceremony(world, me.call, keys);
        await me.call(403, 'delete', `${keys}/${first}`);
        await ceremony(world, me.call, keys);
        await me.call(204, 'delete', `${keys}/${first}`);

        const other = await somebody(world);
        const { body: options } = await other.call(200, 'post', `${keys}/create/begin`);
        const device = new SoftwareAuthenticator({ origin: world.server.url });
        const record = device.record(options.publicKey as CreationRequest);
        await other.call(204, 'post', '/v2/self/set-webauthn', { new_webauthn: record });
      },
    },
    {
      name: 'leave a first password to be set',
      go: async (world) => {
        const me = await somebody(world);
        const scope = { tenant_id: 'acme', user_id: me.id, type: 'password' };
        await world.server.db.knex('credentials').where(scope).del();
        await me.call(422, 'post', '/v2/self/set-password', { new_password: 'short' });
        await me.call(204, 'post', '/v2/self/set-password', { new_password: PASSWORD });
      },
    },
    {
      name: 'are remembered by devices, which people forget again',
      go: async (world) => {
        const me = await somebody(world);
        const scope = { tenantId: 'acme', poolId: 'people', userId: me.id };
        const device = { ip: '192.0.2.7', userAgent: 'Firefox on Linux', ttlSeconds: 3600 };
        await world.server.domain.devices.remember(scope, device);
        const { body } = await me.call(200, 'get', '/v2/self/mfa/sessions');
        expect(body.sessions).toHaveLength(1);
        await me.call(204, 'delete', `/v2/self/mfa/sessions/${body.sessions[0]?.id}`);
      },
    },
  ],
};

/** The two operations without a token, which a tenant switches on. */
export const withoutToken: Part = {
  name: 'codes without a token',
  steps: [
    {
      name: 'prove an address and reset a password, once the tenant allows it',
      go: async (world) => {
        const reset = `${SELF}/public/pools/people/reset-password/confirm`;
        const { id, identifier } = await world.addPerson(`public-${randomUUID().slice(0, 8)}`);
        await expectStatus(world, 'nobody', 403, 'post', reset, {
          code: '000000',
          identifier,
          new_password: PASSWORD,
        });
        const tenant = '/api/system/tenants/acme';
        const settings = { settings: { security: { codes_without_token: true } } };
        const changed = await world.server.api('default').put(tenant, { name: 'Acme', ...settings });
        expect(changed.status).toBe(200);

        const generate = async (type: string, more: object = {}): Promise<string> => {
          const path = `${SYSTEM.pool}/users/${id}/code/generate`;
          const { body } = await expectStatus(world, 'system', 201, 'post', path, { type, ...more });
          return body.extended_code;
        };
        const address = `${randomUUID()}@example.test`;
        const addAddress = (userId: string, added: string, verified: boolean) =>
          expectStatus(world, 'admin', 200, 'post', `${ADMIN.pool}/users/${userId}/addresses/add`, {
            address: added,
            type: 'email',
            verified,
            status: 'active',
          });
        await addAddress(id, address, false);
        const complete = `${SELF}/self/address-verification/complete`;
        const code = await generate('verify_address', { address });
        const taken = `${randomUUID()}@example.test`;
        await addAddress(id, taken, false);
        const late = await generate('verify_address', { address: taken });
        await addAddress((await world.addPerson(`faster-${randomUUID().slice(0, 8)}`)).id, taken, true);
        await expectStatus(world, 'nobody', 409, 'post', complete, { address: taken, code: late });
        await expectStatus(world, 'nobody', 401, 'post', complete, { address, code: '000000' });
        await expectStatus(world, 'nobody', 204, 'post', complete, { address, code });

        const body = { code: await generate('reset_password'), identifier, new_password: PASSWORD };
        await expectStatus(world, 'nobody', 401, 'post', reset, { ...body, code: '000000' });
        await expectStatus(world, 'nobody', 422, 'post', reset, { ...body, new_password: 'short' });
        await expectStatus(world, 'nobody', 204, 'post', reset, body);
      },
    },
  ],
};
