import { expect } from 'vitest';
import { workspace } from '../configuration_requests.ts';
import { configuring, STALE, type Part } from './step.ts';

export const workspaces: Part = {
  name: 'workspaces',
  steps: [
    {
      name: 'are created, read, listed, changed and deleted',
      go: async (world) => {
        const call = configuring(world);
        const body = { id: 'walked', ...workspace(), subject_format: 'legacy' };
        const made = await call(201, 'post', '/servers?with_demo_client=true', body);
        await call(409, 'post', '/servers', body);
        await call(422, 'post', '/servers', { ...workspace(), access_token_ttl: '1000h' });
        const read = await call(200, 'get', '/servers/walked');
        expect(read.etag).toBe(made.etag);
        expect(read.body.subject_format).toBe('legacy');
        const listed = await call(200, 'get', '/servers?search_phrase=walked&limit=1');
        expect(listed.body.servers).toEqual([read.body]);
        const changed = await call(
          200,
          'put',
          '/servers/walked',
          { ...read.body, description: 'Seen' },
          { 'if-match': read.etag },
        );
        expect(changed.body).toEqual({ ...read.body, description: 'Seen' });
        const older = { ...workspace(), enable_idp_discovery: true };
        const discovering = await call(200, 'put', '/servers/walked', older);
        expect(discovering.body.idp_discovery.enabled).toBe(true);
        await call(422, 'put', '/servers/walked', { ...older, idp_discovery: { enabled: false } });
        await call(412, 'put', '/servers/walked', read.body, STALE);
        const metadata = await call(200, 'put', '/workspaces/walked/metadata', { payload: { team: 'a' } });
        expect(metadata.body).toEqual({ payload: { team: 'a' } });
        await call(204, 'delete', '/servers/walked');
        await call(404, 'get', '/servers/walked');
      },
    },
    {
      name: 'are listed in short, and those that the caller may see by cursor',
      go: async (world) => {
        const call = configuring(world);
        const { body } = await call(200, 'get', '/workspaces');
        expect(body.workspaces.map(({ id }: { id: string }) => id)).toContain('web');
        await call(200, 'get', '/workspaces/web');
        const first = await call(200, 'get', '/user/workspaces?limit=1');
        const rest = await call(200, 'get', `/user/workspaces?limit=1&cursor=${first.body.cursor}`);
        expect(rest.body.workspaces[0].id).not.toBe(first.body.workspaces[0].id);
      },
    },
    {
      name: 'tell the caller what they may do',
      go: async (world) => {
        const call = configuring(world);
        const { body } = await call(200, 'get', '/servers/web/permissions');
        expect(body).toMatchObject({ update_workspace: true, manage_clients: true });
      },
    },
  ],
};
