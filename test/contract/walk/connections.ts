import { expect } from 'vitest';
import { connection } from '../configuration_requests.ts';
import { ADMIN, CONFIGURATION, configuring, expectStatus, STALE, type Part } from './step.ts';
import { TENANT } from '../world.ts';

export const connections: Part = {
  name: 'connections',
  steps: [
    {
      name: 'are made, read, listed, changed and ended',
      go: async (world) => {
        const call = configuring(world);
        const idps = '/servers/web/idps';
        const pool = await expectStatus(world, 'admin', 201, 'post', `${ADMIN.base}/pools`, {
          name: 'Connected',
          tenant_id: TENANT,
        });
        const made = await call(201, 'post', `${idps}/identity_pool`, connection(pool.body.id));
        await call(409, 'post', `${idps}/identity_pool`, connection(pool.body.id));
        await call(422, 'post', `${idps}/identity_pool`, connection('ghost'));
        const one = `${idps}/identity_pool/${made.body.id}`;
        const read = await call(200, 'get', one);
        expect((await call(200, 'get', idps)).body.idps).toContainEqual(read.body);
        expect((await call(200, 'get', `/pools/${pool.body.id}/idps`)).body).toEqual({ idps: [read.body] });
        const changed = await call(200, 'put', one, { ...read.body, hidden: true });
        expect(changed.body).toEqual({ ...read.body, hidden: true });
        await call(412, 'put', one, read.body, STALE);
        await call(204, 'delete', `${idps}/${made.body.id}`);
        await call(404, 'get', one);
      },
    },
    {
      name: 'are not ended by who came in by them',
      go: async (world) => {
        const { token, connectionId } = await world.administrator();
        const path = `${CONFIGURATION}/servers/admin/idps/${connectionId}`;
        expect((await world.withToken(token, { method: 'delete', path })).status).toBe(422);
      },
    },
  ],
};
