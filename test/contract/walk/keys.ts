import { expect } from 'vitest';
import { configuring, type Part } from './step.ts';

const keys = '/servers/web/keys';
export const signingKeys: Part = {
  name: 'keys',
  steps: [
    {
      name: 'are listed and seen, never their private parts',
      go: async (world) => {
        const call = configuring(world);
        const { body } = await call(200, 'get', `${keys}?use=sig`);
        const raw = await call(200, 'get', `${keys}/${body.current_key.kid}/raw`);
        expect(raw.etag).toMatch(/^"\d+"$/);
        expect(Object.keys(raw.body).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      },
    },
    {
      name: 'rotate, by hand and by themselves, and are revoked',
      go: async (world) => {
        const call = configuring(world);
        // The first of its type signs at once; the one after it waits until clients know it.
        const { body } = await call(200, 'post', `${keys}/rotate?key_type=ps&use=sig`);
        await call(409, 'post', `${keys}/rotate?key_type=ps`);
        await call(200, 'post', `${keys}/revoke/${body.kid}?use=sig`);
        const schedule = { enabled: true, cron: '0 3 1 * *' };
        const set = await call(200, 'put', `${keys}/automatic-key-rotation`, schedule);
        const read = await call(200, 'get', `${keys}/automatic-key-rotation`);
        expect(read.body).toEqual(set.body);
        await call(422, 'put', `${keys}/automatic-key-rotation`, { enabled: true, cron: 'often' });
      },
    },
  ],
};
