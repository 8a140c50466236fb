import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, statuses, type ApiServer } from '../support/api_server.ts';
import { runNode } from '../support/child_process.ts';
import { addPerson, SYSTEM_ACTOR } from '../support/demo.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from '../support/temporary_directory.ts';

const WEIR = join(import.meta.dirname, '..', '..', 'bin', 'weir.mjs');
// What an administrator of a tenant may see.
const PATH = '/api/admin/default/servers';
const tenant = { tenantId: 'default' };
const admin = { ...tenant, workspaceId: 'admin' };
const pool = { ...tenant, poolId: 'administrators' };

let server: ApiServer;
let directory: TemporaryDirectory;
beforeAll(async () => {
  [server, directory] = await Promise.all([startApiServer(), createTemporaryDirectory()]);
});
afterAll(() => Promise.all([server.stop(), directory.remove()]));

/** `weir admin reset` beside the running server. */
const runAdminReset = (env: Record<string, string> = {}) =>
  runNode(WEIR, ['admin', 'reset'], {
    DATABASE_URL: server.db.options.url,
    DATA_DIR: join(directory.path, 'data'),
    PUBLIC_URL: server.url,
    MASTER_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    COOKIE_KEYS: 'c'.repeat(32),
    ...env,
  });

/** The same when it works; gives the credentials that it printed. */
async function adminReset() {
  const child = runAdminReset();
  expect({ code: await child.ended, errors: child.errors() }).toEqual({ code: 0, errors: '' });
  const row = (name: string) =>
    child.lines
      .find((line) => line.trim().startsWith(name))
      ?.trim()
      .split(/\s+/)
      .slice(1) ?? [];
  const [email = '', password = ''] = row('Administrator');
  const [clientId = '', clientSecret = ''] = row('Client');
  return { email, password, manager: { clientId, clientSecret } };
}

describe('weir admin reset', () => {
  test('replaces the credentials, and ends what was begun with the old ones', async () => {
    const old = server.credentials?.administrator ?? { email: '', password: '' };
    const before = await server.signIn('default', old.email, old.password);
    expect((await before.get(PATH)).status).toBe(200);

    const { email, password, manager } = await adminReset();
    expect(email).toBe(old.email);
    expect((await before.get(PATH)).status).toBe(401);
    await expect(server.signIn('default', email, old.password)).rejects.toThrow('Sign in');
    const after = await server.signIn('default', email, password);
    const asManager = server.api('default', manager);
    const answers = [await after.get(PATH), await asManager.get(PATH)];
    expect(statuses(answers)).toEqual([200, 200]);
  });

  test('refuses a password that is easy to guess, and names the variable', async () => {
    const child = runAdminReset({ BOOTSTRAP_ADMIN_PASSWORD: 'password1234' });
    expect(await child.ended).toBe(1);
    const lines = child.errors().trim().split('\n');
    expect(lines).not.toEqual([]);
    for (const line of lines) expect(line).toMatch(/^weir: BOOTSTRAP_ADMIN_PASSWORD: /);
  });

  test('lets the administrator in whose account somebody else keeps blocked', async () => {
    const { email } = server.credentials?.administrator ?? { email: '' };
    const guesses = Array.from({ length: 5 }, async () => server.signIn('default', email, 'a wrong guess'));
    const answers = await Promise.allSettled(guesses);
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));

    const { password } = await adminReset();
    const person = await server.signIn('default', email, password);
    expect((await person.get(PATH)).status).toBe(200);
  });

  test('puts right everything that keeps the administrator out', async () => {
    const { domain } = server;
    // Someone else administers, or the tenant would not let itself be locked.
    const owner = { identifier: 'olga@example.test', password: 'a long enough password' };
    await domain.pools.create(tenant, { id: 'owners', name: 'Owners' }, SYSTEM_ACTOR);
    const theirs = { poolId: 'owners', name: 'Owners' };
    const { id: owners } = await domain.connections.create(admin, theirs, SYSTEM_ACTOR);
    const subjectId = await addPerson(domain, 'owners', owner);
    const role = { resourceType: 'tenant', resourceId: '', role: 'admin' } as const;
    await domain.roles.grant(tenant, { ...role, subjectType: 'identity_pool_user', subjectId }, SYSTEM_ACTOR);

    const closed = await domain.pools.get(pool);
    await domain.pools.update(pool, { ...closed, authenticationMechanisms: ['email_otp'] }, SYSTEM_ACTOR);
    // The service leaves no client without its grant type; a row of earlier days may.
    await server.db
      .knex('workspaces')
      .where({ tenant_id: 'default', workspace_id: 'admin' })
      .update({ grant_types: ['authorization_code'] });
    const [connection] = (await domain.connections.listByWorkspace(admin)).filter(
      ({ poolId }) => poolId === pool.poolId,
    );
    if (connection === undefined) throw new Error('the administrators are not connected');
    const { id: connectionId, ...settings } = connection;
    await domain.connections.update(
      { ...admin, connectionId },
      { ...settings, disabled: true },
      SYSTEM_ACTOR,
    );

    const { email, password, manager } = await adminReset();
    // With one pool left nobody has to choose.
    await domain.connections.remove({ ...admin, connectionId: owners }, SYSTEM_ACTOR);
    const person = await server.signIn('default', email, password);
    const answers = [await person.get(PATH), await server.api('default', manager).get(PATH)];
    expect(statuses(answers)).toEqual([200, 200]);
  });
});
