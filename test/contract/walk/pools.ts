import { expect } from 'vitest';
import { randomUUID } from 'node:crypto';
import { WORKSPACE } from '../world.ts';
import { ADMIN, expectStatus, IDENTITY, inBoth, type Part } from './step.ts';

const name = () => `Pool ${randomUUID().slice(0, 8)}`;

export const pools: Part = {
  name: 'pools',
  steps: [
    ...inBoth('are created, read, listed, changed and deleted', async (world, { as, base }) => {
      const given = name();
      const made = await expectStatus(world, as, 201, 'post', `${base}/pools`, {
        name: given,
        tenant_id: 'acme',
      });
      const one = `${base}/pools/${made.body.id}`;
      await expectStatus(world, as, 409, 'post', `${base}/pools`, { name: given });
      const read = await expectStatus(world, as, 200, 'get', one);
      expect(read.etag).toBe(made.etag);
      const listed = await expectStatus(world, as, 200, 'get', `${base}/pools?search_phrase=${given}`);
      expect(listed.body.pools).toEqual([read.body]);
      const other = await expectStatus(world, as, 201, 'post', `${base}/pools`, { name: name() });
      await expectStatus(world, as, 409, 'put', one, { name: other.body.name });
      // As a client of the published API sends it back: everything it has read.
      const changed = await expectStatus(
        world,
        as,
        200,
        'put',
        one,
        { ...read.body, description: 'Guests' },
        {
          'if-match': read.etag,
        },
      );
      expect(changed.body.description).toBe('Guests');
      await expectStatus(world, as, 412, 'put', one, { name: given }, { 'if-match': read.etag });
      await expectStatus(world, as, 204, 'delete', `${one}?with_idp=true`);
      await expectStatus(world, as, 404, 'get', one);
    }),
    ...inBoth('of a workspace are listed', async (world, { as, base }) => {
      const own = `${base}/workspace/${WORKSPACE}/pools`;
      if (as === 'admin') await expectStatus(world, as, 201, 'post', own, { name: name() });
      const { body } = await expectStatus(world, as, 200, 'get', own);
      expect(body.pools.length).toBeGreaterThan(0);
    }),
    {
      name: 'of a workspace are created connected, and deleted with their connection',
      go: async (world) => {
        const own = `${ADMIN.base}/workspace/${WORKSPACE}/pools`;
        const given = name();
        const made = await expectStatus(world, 'admin', 201, 'post', `${own}?with_idp=true`, { name: given });
        await expectStatus(world, 'admin', 409, 'post', own, { name: given });
        await expectStatus(world, 'admin', 409, 'delete', `${own}/${made.body.id}`);
        await expectStatus(world, 'admin', 204, 'delete', `${own}/${made.body.id}?with_idp=true`);
      },
    },
    {
      name: 'that the caller may see are listed by cursor',
      go: async (world) => {
        const mine = `${ADMIN.base}/workspace/${WORKSPACE}/user/pools`;
        const first = await expectStatus(world, 'admin', 200, 'get', `${mine}?limit=1`);
        expect(first.body.pools).toHaveLength(1);
        const rest = await expectStatus(
          world,
          'admin',
          200,
          'get',
          `${mine}?limit=1&cursor=${first.body.cursor}`,
        );
        expect(rest.body.pools[0]?.id).not.toBe(first.body.pools[0].id);
      },
    },
    {
      name: 'tell the caller what they may do',
      go: async (world) => {
        const path = `${IDENTITY}/admin/pools/people/permissions`;
        const { body } = await expectStatus(world, 'admin', 200, 'get', path);
        expect(body).toMatchObject({ get_identity_pool: true, manage_user_passwords: true });
      },
    },
  ],
};
