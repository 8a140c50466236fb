import { expect } from 'vitest';
import { POOL, TENANT } from '../world.ts';
import { configuring, type Part } from './step.ts';

export const authority: Part = {
  name: 'authority',
  steps: [
    {
      name: 'is granted, listed and revoked at the three levels',
      go: async (world) => {
        const call = configuring(world);
        const { id } = await world.addPerson('officer');
        const person = { type: 'identity_pool_user', identity_pool_id: POOL, identity_pool_user_id: id };
        for (const [at, role] of [
          ['/tenant', 'auditor'],
          ['/servers/web', 'manager'],
          [`/pools/${POOL}`, 'user_manager'],
        ] as const) {
          await call(204, 'post', `${at}/roles/grant`, { ...person, role, workspace_id: 'web' });
          const { body } = await call(200, 'get', `${at}/roles`);
          expect(body.subjects).toContainEqual({ ...person, tenant_id: TENANT, roles: { [role]: true } });
        }
        const { body } = await call(200, 'get', `/pools/${POOL}/users/${id}/roles`);
        expect(body.resources).toHaveLength(3);
        await call(204, 'delete', '/tenant/roles/revoke', { ...person, role: 'auditor' });
        await call(204, 'delete', '/servers/web/roles/revoke', { ...person, role: 'manager' });
        await call(204, 'delete', `/pools/${POOL}/roles/revoke`, { ...person, role: 'user_manager' });
        await call(404, 'delete', '/tenant/roles/revoke', { ...person, role: 'auditor' });
        const ghost = { ...person, identity_pool_user_id: 'ghost', role: 'auditor' };
        await call(422, 'post', '/tenant/roles/grant', ghost);
      },
    },
    {
      name: 'ends what others hold, and reads what has happened',
      go: async (world) => {
        const call = configuring(world);
        const { id, identifier } = await world.addPerson('leaver');
        const token = await world.signIn(identifier);
        await call(204, 'delete', '/servers/web/tokens', { subjects: [id] });
        const me = { method: 'get', path: `/${TENANT}/web/identity/self/me` };
        expect((await world.withToken(token, me)).status).toBe(401);
        await call(204, 'delete', `/pools/${POOL}/tokens`, { users: [id] });
        const { body } = await call(200, 'get', '/servers/web/audit-events?event_subject=tokens&limit=5');
        expect(body.audit_events[0]).toMatchObject({ event_subject: 'tokens', action: 'revoked' });
      },
    },
  ],
};
