import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type ApiServer } from '../support/api_server.ts';
import { addWorkspace, relyingParty } from '../support/demo.ts';
import { person } from '../support/domain.ts';
import { VECTORS } from '../support/imported_hashes.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { importFile, ndjson, poolPath } from './support.ts';

let server: ApiServer;
let poolId: string;
let app: RelyingParty;
beforeAll(async () => {
  server = await startApiServer();
  ({ poolId } = await addWorkspace(server.domain, 'moved'));
  app = await relyingParty({ publicUrl: server.url, elsewhere: server.domain }, { workspaceId: 'moved' });
  const people = VECTORS.map(({ form }, index) => ({
    id: `sub-of-old-${index}`,
    status: 'active',
    payload: person(`Person ${index}`),
    identifiers: [{ type: 'uid', identifier: `person-${index}` }],
    credentials: [{ type: 'password', payload: { hashed_password: form } }],
  }));
  const { body } = await importFile(server, poolId, ndjson(...people));
  expect(body).toMatchObject({ status: 'completed', created: VECTORS.length, failed: 0 });
});
afterAll(() => server.stop());

const inNewBrowser = () => RelyingParty.discover(app.options);

const storedHash = async (userId: string): Promise<string> => {
  const row = await server.db.knex('credentials').where({ pool_id: poolId, user_id: userId }).first('secret');
  return String(row?.secret);
};

describe('a person who was imported', () => {
  test.each(VECTORS.map(({ name, password }, index) => ({ name, password, index })))(
    'with $name signs in as before, and is hashed anew',
    async ({ password, index }) => {
      const userId = `sub-of-old-${index}`;
      const before = await storedHash(userId);
      const { claims } = await (await inNewBrowser()).signIn({ identifier: `person-${index}`, password });
      // The application keeps its accounts.
      expect(claims['sub']).toBe(userId);
      await expect.poll(() => storedHash(userId), { timeout: 5_000 }).not.toBe(before);
      expect(await storedHash(userId)).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    },
  );

  test('from another provider keeps the whole sub: in tokens, in paths and in lists', async () => {
    const sub = 'samlp|acme|ann+old@example.com';
    const { form, password } = VECTORS[0]!;
    const ann = {
      sub,
      status: 'active',
      payload: person('Ann'),
      identifiers: [{ type: 'uid', identifier: 'ann-of-old' }],
      credentials: [{ type: 'password', payload: { hashed_password: form } }],
    };
    const refused = ['|ann', 'acme/ann', 'acme:ann', 'ann b', 'a'.repeat(65)].map((other) => ({
      ...ann,
      sub: other,
      identifiers: [],
    }));
    const { body } = await importFile(server, poolId, ndjson(ann, ...refused));
    expect(body).toMatchObject({ created: 1, failed: refused.length });

    const { claims } = await (await inNewBrowser()).signIn({ identifier: 'ann-of-old', password });
    expect(claims['sub']).toBe(sub);
    const [api, people] = [server.api('default'), `${poolPath(poolId)}/users`];
    const found = await api.get(`${people}/${encodeURIComponent(sub)}`);
    expect([found.status, found.body.id]).toEqual([200, sub]);
    const before = await api.get(`${people}?before_user_id=${encodeURIComponent(sub)}`);
    expect(before.status).toBe(200);
    const gone = await api.delete(`${people}/${encodeURIComponent(sub)}`);
    expect(gone.status).toBe(204);
    // Nobody else is ever known by it.
    const { body: again } = await importFile(server, poolId, ndjson({ ...ann, identifiers: [] }));
    expect(again).toMatchObject({ created: 0, failed: 1 });
  });

  test('with an expiry that has passed must reset; with that of 1900 none', async () => {
    const expiring = (id: string, expiresAt: string) => ({
      id,
      status: 'active',
      payload: person(id),
      identifiers: [{ type: 'uid', identifier: id }],
      credentials: [
        { type: 'password', expires_at: expiresAt, payload: { hashed_password: VECTORS[0]?.form } },
      ],
    });
    const people = [expiring('past', '2020-01-01T00:00:00Z'), expiring('never', '1900-01-01T00:00:00Z')];
    await importFile(server, poolId, ndjson(...people));
    const rows = await server.db
      .knex('credentials')
      .where({ pool_id: poolId })
      .whereIn('user_id', ['past', 'never'])
      .orderBy('user_id')
      .select('state', 'expires_at');
    expect(rows).toEqual([
      { state: 'valid', expires_at: null },
      { state: 'must_be_reset', expires_at: new Date('2020-01-01T00:00:00Z') },
    ]);
    const password = VECTORS[0]?.password ?? '';
    expect((await (await inNewBrowser()).signIn({ identifier: 'never', password })).claims['sub']).toBe(
      'never',
    );
    await expect((await inNewBrowser()).signIn({ identifier: 'past', password })).rejects.toThrow(
      'not sent back',
    );
  });
});
