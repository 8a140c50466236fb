import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, SYSTEM_TENANT, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { addPerson, addWorkspace, SYSTEM_ACTOR } from '../support/demo.ts';

/** What ends is in test/oidc/access_ends.test.ts; here is who may end it, and what a request may say. */
describe('token revocation', () => {
  let server: ApiServer;
  let admin: ApiClient;
  let userId: string;
  const pool = '/api/admin/default/pools/shore-people/tokens';
  const workspace = '/api/admin/default/servers/shore/tokens';

  beforeAll(async () => {
    server = await startApiServer();
    admin = server.api(SYSTEM_TENANT);
    await addWorkspace(server.domain, 'shore');
    userId = await addPerson(server.domain, 'shore-people', {
      identifier: 'ina@example.test',
      password: 'a long enough password',
    });
  });
  afterAll(() => server.stop());

  const remove = (as: ApiClient, path: string, body: unknown) => as.delete(path, {}, body);

  test('answers 204 and is on record', async () => {
    expect((await remove(admin, pool, { users: [userId, 'nobody'] })).status).toBe(204);
    expect((await remove(admin, workspace, { subjects: [userId] })).status).toBe(204);
    const { body } = await admin.get('/api/admin/default/servers/shore/audit-events?event_subject=tokens');
    expect(JSON.stringify(body)).toContain('"action":"revoked"');
    expect(JSON.stringify(body)).toContain(`"subjects":["${userId}"]`);
  });

  test.each([
    ['nobody at all', { users: [] }],
    ['more than a hundred', { users: Array.from({ length: 101 }, (_, index) => `u${index}`) }],
    ['other fields', { users: ['u'], pool: 'x' }],
  ])('is refused for %s', async (_name, body) => {
    expect((await remove(admin, pool, body)).status).toBe(422);
  });

  test('knows no pool, workspace or connection that is not there', async () => {
    expect((await remove(admin, pool.replace('shore', 'x'), { users: ['u'] })).status).toBe(404);
    expect((await remove(admin, workspace.replace('shore', 'x'), { subjects: ['u'] })).status).toBe(404);
    expect((await remove(admin, workspace, { subjects: ['u'], idp_id: 'demo' })).status).toBe(404);
  });

  test('from a backend takes the scope, and never reaches the workspace of administrators', async () => {
    const path = '/api/system/default/servers/shore/tokens';
    const [may, mayNot] = await Promise.all([
      server.system(SYSTEM_TENANT, 'revoke_tokens'),
      server.system(SYSTEM_TENANT, 'identity'),
    ]);
    expect((await remove(may, path, { subjects: [userId] })).status).toBe(204);
    expect((await remove(mayNot, path, { subjects: [userId] })).status).toBe(403);
    expect((await remove(may, path.replace('shore', 'admin'), { subjects: [userId] })).status).toBe(403);
  });

  test('by who cares for a pool stops at people who carry authority', async () => {
    const scope = { tenantId: SYSTEM_TENANT };
    const manager = await server.domain.clients.create(
      { ...scope, workspaceId: 'admin' },
      { grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    const chief = await addPerson(server.domain, 'shore-people', {
      identifier: 'chief@example.test',
      password: 'a long enough password',
    });
    const grants = [
      ['identity_pool', 'shore-people', 'user_manager', 'client', manager.id],
      ['tenant', '', 'admin', 'identity_pool_user', chief],
    ] as const;
    for (const [resourceType, resourceId, role, subjectType, subjectId] of grants) {
      const grant = { resourceType, resourceId, role, subjectType, subjectId };
      await server.domain.roles.grant(scope, grant, SYSTEM_ACTOR);
    }
    const as = server.api(SYSTEM_TENANT, {
      clientId: manager.id,
      clientSecret: manager.clientSecret ?? '',
    });
    expect((await remove(as, pool, { users: [userId] })).status).toBe(204);
    expect((await remove(as, pool, { users: [userId, chief] })).status).toBe(403);
    expect((await remove(as, workspace, { subjects: [userId] })).status).toBe(403);
    expect((await remove(admin, pool, { users: [chief] })).status).toBe(204);
  });
});
