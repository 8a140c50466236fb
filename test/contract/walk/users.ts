import { expect } from 'vitest';
import { randomUUID } from 'node:crypto';
import { person } from '../../support/domain.ts';
import { ADMIN, expectStatus, inBoth, SYSTEM, type Part } from './step.ts';

const address = () => `${randomUUID()}@example.test`;

export const users: Part = {
  name: 'users',
  steps: [
    ...inBoth('are created, read, listed, changed and deleted', async (world, { as, pool }) => {
      const email = address();
      const identifiers = [{ identifier: email, type: 'email' }];
      const body = { status: 'active', payload: person('Ann'), identifiers };
      const made = await expectStatus(world, as, 201, 'post', `${pool}/users`, body);
      await expectStatus(world, as, 409, 'post', `${pool}/users`, body);
      const one = `${pool}/users/${made.body.id}`;
      const read = await expectStatus(world, as, 200, 'get', one);
      expect(read.body).toEqual(made.body);
      const query = encodeURIComponent(JSON.stringify({ user_key: email }));
      const listed = await expectStatus(
        world,
        as,
        200,
        'get',
        `${pool}/users?query=${query}&sort=id&order=desc`,
      );
      expect(listed.body.users).toEqual([
        expect.objectContaining({ id: made.body.id, identifiers: [email] }),
      ]);
      const changed = await expectStatus(world, as, 200, 'put', one, { payload: person('Bea') });
      expect(changed.body.payload.name).toBe('Bea');
      await expectStatus(world, as, 422, 'put', one, { payload: {} });
      await expectStatus(world, as, 204, 'delete', one);
      await expectStatus(world, as, 404, 'get', one);
    }),
    ...inBoth('have identifiers and addresses', async (world, { as, pool }) => {
      const tag = randomUUID().slice(0, 8);
      const { id } = await world.addPerson(`parts-${tag}`);
      const other = await world.addPerson(`other-${tag}`);
      const one = `${pool}/users/${id}`;
      const identifier = { identifier: `uid-${tag}`, type: 'uid' };
      await expectStatus(world, as, 200, 'post', `${one}/identifiers/add`, identifier);
      await expectStatus(world, as, 409, 'post', `${one}/identifiers/add`, {
        ...identifier,
        identifier: other.identifier,
      });
      await expectStatus(world, as, 204, 'post', `${one}/identifiers/remove`, {
        identifier: identifier.identifier,
      });
      const email = { address: address(), type: 'email', verified: false, status: 'active' };
      await expectStatus(world, as, 200, 'post', `${one}/addresses/add`, email);
      await expectStatus(world, as, 409, 'post', `${one}/addresses/add`, {
        ...email,
        address: other.identifier,
        verified: true,
      });
      const { type: _, ...update } = { ...email, verified: true };
      const changed = await expectStatus(world, as, 200, 'post', `${one}/addresses/update`, update);
      expect(changed.body).toMatchObject({ verified: true });
      expect(changed.body.verified_at).toBeDefined();
      const shared = { ...email, address: address() };
      await expectStatus(world, as, 200, 'post', `${pool}/users/${other.id}/addresses/add`, {
        ...shared,
        verified: true,
      });
      await expectStatus(world, as, 200, 'post', `${one}/addresses/add`, shared);
      await expectStatus(world, as, 409, 'post', `${one}/addresses/update`, {
        address: shared.address,
        status: 'active',
        verified: true,
      });
      await expectStatus(world, as, 204, 'post', `${one}/addresses/remove`, { address: email.address });
    }),
    {
      name: 'have metadata of two kinds',
      go: async (world) => {
        const { id } = await world.addPerson(`metadata-${randomUUID().slice(0, 8)}`);
        for (const type of ['admin', 'business']) {
          const one = `${ADMIN.pool}/users/${id}/metadata/${type}`;
          const set = await expectStatus(world, 'admin', 200, 'put', one, { metadata: {} });
          const read = await expectStatus(world, 'admin', 200, 'get', one);
          expect(read.body).toEqual(set.body);
        }
      },
    },
    {
      name: 'are seen by delegated administrators without their metadata',
      go: async (world) => {
        const all = ADMIN.pool.replace('/admin/', '/admin/b2b/') + '/users';
        const identifiers = [{ identifier: address(), type: 'email' }];
        const body = { status: 'new', payload: person('Cal'), identifiers };
        const made = await expectStatus(world, 'admin', 201, 'post', all, body);
        expect(made.body).not.toHaveProperty('metadata');
        await expectStatus(world, 'admin', 409, 'post', all, body);
        await expectStatus(world, 'admin', 200, 'get', all);
        await expectStatus(world, 'admin', 200, 'get', `${all}/${made.body.id}`);
        await expectStatus(world, 'admin', 200, 'put', `${all}/${made.body.id}`, { payload: person('Dee') });
        await expectStatus(world, 'admin', 204, 'delete', `${all}/${made.body.id}`);
      },
    },
    {
      name: 'are found by identifier or verified address',
      go: async (world) => {
        const { id, identifier } = await world.addPerson(`key-${randomUUID().slice(0, 8)}`);
        for (const key of [{ identifier }, { address: identifier }]) {
          const { body } = await expectStatus(
            world,
            'system',
            200,
            'post',
            `${SYSTEM.pool}/users/by_key`,
            key,
          );
          expect(body.id).toBe(id);
        }
        await expectStatus(world, 'system', 404, 'post', `${SYSTEM.pool}/users/by_key`, {
          identifier: address(),
        });
      },
    },
  ],
};
