import { expect } from 'vitest';
import { configuring, type Part } from './step.ts';

export const tenant: Part = {
  name: 'the tenant',
  steps: [
    {
      name: 'is read, changed and seen as it holds',
      go: async (world) => {
        const call = configuring(world);
        const read = await call(200, 'get', '/tenant');
        const changed = await call(200, 'put', '/tenant', { ...read.body, name: 'Acme' });
        expect(changed.body).toEqual({ ...read.body, name: 'Acme' });
        await call(412, 'put', '/tenant', read.body, { 'if-match': read.etag });
        await call(422, 'put', '/tenant', { settings: { workforce: {} } });
        const { body } = await call(200, 'get', '/environment');
        expect(body.brute_force_limits.mfa.max_attempts).toBe(5);
        expect((await call(200, 'get', '/tenant/permissions')).body.update_tenant).toBe(true);
      },
    },
    {
      name: 'has limits on guessing',
      go: async (world) => {
        const call = configuring(world);
        const limit = { protected_type: 'identity_registration', max_attempts: 3, block_duration: '15m0s' };
        const set = await call(201, 'put', '/bruteforce', limit);
        expect(set.body).toEqual({ tenant_id: 'acme', ...limit });
        const { body } = await call(200, 'get', '/bruteforce');
        expect(body.brute_force_limits).toContainEqual(set.body);
        await call(204, 'delete', '/bruteforce/identity_registration');
      },
    },
    {
      name: 'says things in words of its own',
      go: async (world) => {
        const call = configuring(world);
        const { body } = await call(200, 'get', '/translation/de/builtin');
        expect(body.is_built_in).toBe(true);
        const put = await call(200, 'put', '/translation/de', { content: { sign_in: { title: 'Moin' } } });
        expect((await call(200, 'get', '/translation/de')).body).toEqual(put.body);
        expect((await call(200, 'get', '/translations')).body).toEqual({ translations: [put.body] });
        // As the reference's client sends it back.
        await call(200, 'put', '/translation/de', put.body, { 'if-match': put.etag });
        await call(204, 'delete', '/translation/de');
      },
    },
  ],
};
