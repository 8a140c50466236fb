import { expect } from 'vitest';
import { randomUUID } from 'node:crypto';
import { totpCode } from '../../support/totp.ts';
import { person } from '../../support/domain.ts';
import { PASSWORD, type World } from '../world.ts';
import { expectStatus, SELF, type Part } from './step.ts';

const NEXT = 'four calm herons fish at dusk';
const FIRST_SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const SECOND_SECRET = 'KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU';

/** A person of their own for what changes who they are: their token, and requests with it. */
async function somebody(world: World) {
  const who = await world.addPerson(`self-${randomUUID().slice(0, 8)}`);
  const token = await world.signIn(who.identifier);
  const post = async (status: number, path: string, body: unknown) => {
    const answer = await world.withToken(token, { method: 'post', path: `${SELF}${path}`, body });
    expect(answer.status, `${path}: ${JSON.stringify(answer.body)}`).toBe(status);
    return answer;
  };
  return { ...who, post };
}

export const self: Part = {
  name: 'people themselves',
  steps: [
    ...['/self/me', '/v2/self/me'].map((path) => ({
      name: `read and change their profile at ${path}`,
      go: async (world: World) => {
        const me = `${SELF}${path}`;
        const read = await expectStatus(world, 'self', 200, 'get', me);
        expect(read.body).toMatchObject({ id: world.owner.id, payload: { name: 'owner' } });
        const body = { payload: person('owner') };
        const changed = await expectStatus(world, 'self', 200, 'put', me, body, { 'if-match': read.etag });
        expect(changed.body.payload).toEqual(body.payload);
        await expectStatus(world, 'self', 412, 'put', me, body, { 'if-match': read.etag });
        await expectStatus(world, 'self', 422, 'put', me, { payload: { name: '' } });
      },
    })),
    ...['/self/change-password', '/v2/self/change-password'].map((path) => ({
      name: `change their password at ${path}`,
      go: async (world: World) => {
        const me = await somebody(world);
        await me.post(401, path, { old_password: 'wrong', new_password: NEXT });
        await me.post(204, path, { old_password: PASSWORD, new_password: NEXT });
      },
    })),
    {
      name: 'set and change what generates their codes',
      go: async (world) => {
        const me = await somebody(world);
        await me.post(204, '/v2/self/set-totp-secret', { new_totp_secret: FIRST_SECRET });
        const change = { totp: totpCode(FIRST_SECRET), new_totp_secret: SECOND_SECRET };
        await me.post(204, '/v2/self/change-totp-secret', change);
        await me.post(401, '/v2/self/change-totp-secret', { ...change, totp: '000000' });
      },
    },
    {
      name: 'see the devices that are remembered',
      go: async (world) => {
        const { body } = await expectStatus(world, 'self', 200, 'get', `${SELF}/v2/self/mfa/sessions`);
        expect(body).toEqual({ sessions: [] });
      },
    },
  ],
};
