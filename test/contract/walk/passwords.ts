import { expect } from 'vitest';
import { randomUUID } from 'node:crypto';
import { PASSWORD } from '../world.ts';
import { expectStatus, inBoth, SYSTEM, type Part } from './step.ts';

const NEXT = 'four calm herons fish at dusk';

export const passwords: Part = {
  name: 'passwords',
  steps: [
    ...inBoth('are forced to be changed', async (world, { as, pool }) => {
      const { id } = await world.addPerson(`state-${randomUUID().slice(0, 8)}`);
      const one = `${pool}/users/${id}`;
      await expectStatus(world, as, 204, 'put', `${one}/password/state`, { state: 'must_be_changed' });
      const { body } = await expectStatus(world, as, 200, 'get', one);
      expect(body.credentials).toEqual([
        expect.objectContaining({ type: 'password', state: 'must_be_changed' }),
      ]);
    }),
    {
      name: 'are verified and changed by a backend',
      go: async (world) => {
        const { id, identifier } = await world.addPerson(`verify-${randomUUID().slice(0, 8)}`);
        const post = (status: number, path: string, body: unknown) =>
          expectStatus(world, 'system', status, 'post', `${SYSTEM.pool}${path}`, body);
        const right = await post(200, '/user/password/verify', { identifier, password: PASSWORD });
        expect(right.body).toEqual({ id, state: 'valid' });
        await post(401, '/user/password/verify', { identifier, password: 'wrong' });
        const wrong = await post(200, '/user/password/v2/verify', { userID: id, password: 'wrong' });
        expect(wrong.body).toMatchObject({ result: 'password_incorrect' });
        const change = { old_password: PASSWORD, new_password: NEXT };
        await post(422, `/users/${id}/change-password`, { ...change, new_password: 'short' });
        await post(204, `/users/${id}/change-password`, change);
        await post(204, `/users/${id}/change_password`, { old_password: NEXT, new_password: PASSWORD });
        await post(401, `/users/${id}/change-password`, { ...change, old_password: 'wrong' });
        const now = await post(200, '/user/password/v2/verify', { identifier, password: PASSWORD });
        expect(now.body).toMatchObject({ id, result: 'password_correct' });
      },
    },
  ],
};
