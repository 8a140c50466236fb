import { expect } from 'vitest';
import { randomUUID } from 'node:crypto';
import { person } from '../../support/domain.ts';
import type { World } from '../world.ts';
import { ADMIN, expectStatus, inBoth, SYSTEM, type Part } from './step.ts';

const NEXT = 'four calm herons fish at dusk';
const TOTP = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const tag = () => randomUUID().slice(0, 8);
const users = `${SYSTEM.pool}/users`;

const system =
  (world: World) =>
  (status: number, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) =>
    expectStatus(world, 'system', status, 'post', `${SYSTEM.pool}${path}`, body, headers);

/** With a right code and a version from long ago: refused, and the code is good afterwards. */
const staleThenGood = async (world: World, status: number, path: string, body: unknown) => {
  await system(world)(412, path, body, { 'if-match': '"999999"' });
  return system(world)(status, path, body);
};

async function generate(world: World, userId: string, type: string, more: object = {}) {
  const { body } = await system(world)(201, `/users/${userId}/code/generate`, { type, ...more });
  return body as { code: string; extended_code: string };
}

async function invited(world: World): Promise<{ id: string; email: string }> {
  const email = `${randomUUID()}@example.test`;
  const { body } = await expectStatus(world, 'admin', 201, 'post', `${ADMIN.pool}/users`, {
    status: 'new',
    payload: person('Guest'),
    identifiers: [{ identifier: email, type: 'email' }],
    verifiable_addresses: [{ address: email, type: 'email', verified: false, status: 'active' }],
  });
  return { id: body.id, email };
}

export const codes: Part = {
  name: 'codes',
  steps: [
    ...inBoth('invite and resend', async (world, { as, pool }) => {
      const { id, email } = await invited(world);
      const send = `${pool}/users/${id}/activation/send?code_type_in_message=code&server_id=web`;
      await expectStatus(world, as, 204, 'post', send, { address: email });
      await expectStatus(world, as, 204, 'post', send, {});
    }),
    {
      name: 'activate, in both forms',
      go: async (world) => {
        const short = await invited(world);
        const { code } = await generate(world, short.id, 'activation', { address: short.email });
        const activated = await staleThenGood(world, 201, `/users/${short.id}/activate`, {
          code,
          password: NEXT,
        });
        expect(activated.body).toMatchObject({ id: short.id, status: 'active' });
        await system(world)(401, `/users/${short.id}/activate`, { code, password: NEXT });

        const long = await invited(world);
        const { extended_code } = await generate(world, long.id, 'activation', { address: long.email });
        const seen = await system(world)(200, '/user/otp/inspect', { code: extended_code });
        expect(seen.body).toEqual({ user_id: long.id, code_type: 'activation', password_set: false });
        await staleThenGood(world, 201, '/user/activate', { code: extended_code, password: NEXT });
        const deprecated = await invited(world);
        await system(world)(201, `/users/${deprecated.id}/activation/generate`, {
          address: deprecated.email,
        });
      },
    },
    {
      name: 'register, and tell nobody who is there',
      go: async (world) => {
        const identifier = `${randomUUID()}@example.test`;
        const body = { identifier, payload: person('Rae'), password: NEXT };
        const made = await system(world)(201, '/user/register?send_activation_message=true', body);
        const again = await system(world)(201, '/user/register', body);
        expect(Object.keys(again.body)).toEqual(Object.keys(made.body));
        await system(world)(422, '/user/register', { identifier, password: 'short' });
      },
    },
    {
      name: 'challenge and authenticate',
      go: async (world) => {
        const { id, identifier } = await world.addPerson(`challenge-${tag()}`);
        await system(world)(204, '/user/otp/request', { address: identifier });
        await system(world)(204, '/user/otp/request', { address: `${tag()}@nowhere.test` });
        const { code } = await generate(world, id, 'challenge');
        const proven = await system(world)(200, '/user/otp/verify', { code, userID: id });
        expect(proven.body).toEqual({ id });
        const again = await generate(world, id, 'authentication');
        const signedIn = await system(world)(200, '/user/authentication-code/verify', {
          code: again.code,
          identifier,
        });
        expect(signedIn.body).toEqual({ id });
        const other = await system(world)(201, '/user/code/generate', { type: 'challenge', identifier });
        await system(world)(200, '/user/otp/verify', { code: other.body.extended_code });
        await expectStatus(world, 'admin', 204, 'post', `${ADMIN.pool}/users/${id}/otp/request`, {
          address: identifier,
        });
        const third = await generate(world, id, 'challenge');
        await expectStatus(world, 'admin', 200, 'post', `${ADMIN.pool}/users/${id}/otp/verify`, {
          code: third.code,
        });
      },
    },
    {
      name: 'verify addresses',
      go: async (world) => {
        const { id } = await world.addPerson(`verify-address-${tag()}`);
        const other = await world.addPerson(`verify-other-${tag()}`);
        const add = async (address: string) =>
          expectStatus(world, 'system', 200, 'post', `${users}/${id}/addresses/add`, {
            address,
            type: 'email',
            verified: false,
            status: 'active',
          });
        const fresh = `${randomUUID()}@example.test`;
        await add(fresh);
        const request = `/users/${id}/address/verification/request`;
        await system(world)(204, request, { address: fresh });
        await expectStatus(world, 'admin', 204, 'post', `${ADMIN.pool}${request}`, { address: fresh });
        const { code } = await generate(world, id, 'verify_address', { address: fresh });
        const complete = `/users/${id}/address/verification/complete`;
        await staleThenGood(world, 204, complete, { address: fresh, code });
        // Somebody else was faster to prove that it is theirs.
        const late = `${randomUUID()}@example.test`;
        await add(late);
        const lateCode = await generate(world, id, 'verify_address', { address: late });
        await expectStatus(world, 'system', 200, 'post', `${users}/${other.id}/addresses/add`, {
          address: late,
          type: 'email',
          verified: true,
          status: 'active',
        });
        await expectStatus(world, 'admin', 409, 'post', `${ADMIN.pool}${request}`, { address: late });
        await system(world)(409, complete, { address: late, code: lateCode.code });
      },
    },
    {
      name: 'reset a password',
      go: async (world) => {
        const { id, identifier } = await world.addPerson(`reset-${tag()}`);
        await system(world)(204, '/user/password/reset/request', { address: identifier });
        const reset = `${ADMIN.pool}/users/${id}/password/reset/request`;
        await expectStatus(world, 'admin', 204, 'post', reset, { address: identifier });
        const first = await generate(world, id, 'reset_password');
        const short = { code: first.code, new_password: 'short', identifier };
        await system(world)(422, '/user/password/reset/complete', short);
        await staleThenGood(world, 204, '/user/password/reset/complete', { ...short, new_password: NEXT });
        const second = await generate(world, id, 'reset_password');
        await staleThenGood(world, 204, '/user/password/reset/confirm', {
          code: second.extended_code,
          new_password: NEXT,
        });
        await system(world)(401, '/user/password/reset/confirm', {
          code: second.extended_code,
          new_password: NEXT,
        });
      },
    },
    {
      name: 'reset what generates codes',
      go: async (world) => {
        const { id, identifier } = await world.addPerson(`totp-${tag()}`);
        await system(world)(204, '/user/totp/reset/request', { address: identifier });
        const { code } = await generate(world, id, 'reset_totp');
        const body = { code, new_totp_secret: TOTP, identifier };
        await staleThenGood(world, 204, '/user/totp/reset/complete', body);
        await system(world)(401, '/user/totp/reset/complete', body);
        await system(world)(204, '/user/webauthn/add/request', { address: identifier });
      },
    },
  ],
};
