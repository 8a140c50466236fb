import { expect } from 'vitest';
import { randomUUID } from 'node:crypto';
import { POOL, TENANT } from '../world.ts';
import { person } from '../../support/domain.ts';
import { expectStatus, IDENTITY, SYSTEM, type Part } from './step.ts';

const CONFIGURATION = `${IDENTITY}/configuration`;

export const configuration: Part = {
  name: 'the configuration',
  steps: [
    {
      name: 'brings people in, twice as well as once',
      go: async (world) => {
        const now = new Date().toISOString();
        const owner = { tenant_id: TENANT, user_pool_id: POOL };
        const id = randomUUID();
        const row = { ...owner, user_id: id, created_at: now, updated_at: now };
        const email = `${id}@example.test`;
        const dump = {
          users: [
            {
              ...owner,
              id,
              status: 'active',
              payload: person('Imported'),
              payload_schema_id: 'user_v0',
              metadata_schema_id: 'metadata_v0',
              created_at: now,
              updated_at: now,
              status_updated_at: now,
            },
          ],
          user_identifiers: [
            { ...row, id: randomUUID(), identifier: email, identifier_lc: email, type: 'email' },
          ],
        };
        await expectStatus(world, 'system', 204, 'put', CONFIGURATION, dump);
        await expectStatus(world, 'system', 204, 'put', CONFIGURATION, dump);
        const { body } = await expectStatus(world, 'system', 200, 'post', `${SYSTEM.pool}/users/by_key`, {
          identifier: email,
        });
        expect(body.id).toBe(id);
        const other = randomUUID();
        await expectStatus(world, 'system', 409, 'put', CONFIGURATION, {
          users: [{ ...dump.users[0], id: other }],
          user_identifiers: [{ ...dump.user_identifiers[0], id: randomUUID(), user_id: other }],
        });
      },
    },
    {
      name: 'is read and patched',
      go: async (world) => {
        const { body } = await expectStatus(world, 'system', 200, 'get', CONFIGURATION);
        const at = body.pools.findIndex((pool: { id: string }) => pool.id === POOL);
        expect(at).toBeGreaterThanOrEqual(0);
        await expectStatus(world, 'system', 204, 'patch', CONFIGURATION, [
          { op: 'replace', path: `/pools/${at}/description`, value: 'Patched' },
        ]);
        const { body: pool } = await expectStatus(world, 'system', 200, 'get', SYSTEM.pool);
        expect(pool.description).toBe('Patched');
      },
    },
  ],
};
