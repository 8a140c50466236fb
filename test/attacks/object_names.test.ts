import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mara, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

// oidc-provider keeps `session.authorizations[clientId]` in a plain object: an id such as `__proto__` reaches
// `Object.prototype` of the whole process, `constructor` the one function that all sessions share.
describe('client ids that are names of Object.prototype', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const pollutable = ['sid', 'grantId', 'persistsLogout'];
  afterEach(() => {
    // Else one failure here would break whatever runs next in this process.
    const shared = [Object.prototype, Object];
    for (const holder of shared) for (const key of pollutable) Reflect.deleteProperty(holder, key);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    'refuses to register %s',
    async (id) => {
      const input = { id, redirectUris: ['https://app.example.test/callback'] };
      const scope = { tenantId: 'default', workspaceId: 'demo' };
      await expect(server.elsewhere.clients.create(scope, input, SYSTEM_ACTOR)).rejects.toThrow();
    },
  );

  it.each(['__proto__', 'constructor'])(
    'does not let a session reach shared objects through %s',
    async (id) => {
      // A client that an older version let in.
      const app = await relyingParty(server);
      await server.db.knex('clients').where({ client_id: id }).del();
      await server.db.knex('clients').where({ client_id: app.options.clientId }).update({ client_id: id });
      const url = new URL(`${server.issuer}/oauth2/authorize`);
      url.search = (await app.begin()).url.search;
      url.searchParams.set('client_id', id);
      const page = await app.browser.open(url);
      if (page.document.query('#login-form')) {
        await app.browser.submit('#login-form', { identifier: mara.identifier, password: mara.password });
      }
      for (const key of pollutable) {
        expect({}, `Object.prototype.${key}`).not.toHaveProperty(key);
        expect(Object.hasOwn(Object, key), `Object.${key}`).toBe(false);
      }
    },
  );
});
