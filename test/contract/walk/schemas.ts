import { expect } from 'vitest';
import { randomUUID } from 'node:crypto';
import { WORKSPACE } from '../world.ts';
import { ADMIN, expectStatus, inBoth, type Part } from './step.ts';

const schema = {
  type: 'object',
  properties: { badge: { type: 'string', minLength: 1 } },
  required: ['badge'],
};
const name = () => `Schema ${randomUUID().slice(0, 8)}`;

export const schemas: Part = {
  name: 'schemas',
  steps: [
    ...inBoth('are created, read, listed, changed and deleted', async (world, { as, base }) => {
      const given = name();
      const all = `${base}/schemas`;
      const made = await expectStatus(world, as, 201, 'post', all, {
        name: given,
        tenant_id: 'acme',
        schema,
      });
      const one = `${all}/${made.body.id}`;
      await expectStatus(world, as, 409, 'post', all, { name: given, tenant_id: 'acme', schema });
      const read = await expectStatus(world, as, 200, 'get', one);
      expect(read.body).toMatchObject({ name: given, schema });
      const { body } = await expectStatus(world, as, 200, 'get', all);
      expect(body.schemas.map((entry: { id: string }) => entry.id)).toEqual(
        expect.arrayContaining(['user_v0', 'metadata_v0', made.body.id]),
      );
      const other = await expectStatus(world, as, 201, 'post', all, {
        name: name(),
        tenant_id: 'acme',
        schema,
      });
      await expectStatus(world, as, 409, 'put', one, { ...read.body, name: other.body.name });
      await expectStatus(world, as, 200, 'put', one, { ...read.body, description: 'A badge' });
      const pool = { name: `Badges ${randomUUID().slice(0, 8)}`, payload_schema_id: made.body.id };
      await expectStatus(world, as, 201, 'post', `${base}/pools`, pool);
      await expectStatus(world, as, 409, 'delete', one);
      await expectStatus(world, as, 400, 'delete', `${all}/user_v0`);
      await expectStatus(world, as, 204, 'delete', `${all}/${other.body.id}`);
    }),
    {
      name: 'are read through a workspace',
      go: async (world) => {
        const all = `${ADMIN.base}/workspace/${WORKSPACE}/schemas`;
        await expectStatus(world, 'admin', 200, 'get', all);
        await expectStatus(world, 'admin', 200, 'get', `${all}/user_v0`);
      },
    },
  ],
};
