import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  answerOf,
  expectDeclared,
  startApiServer,
  statuses,
  type ApiClient,
  type ApiServer,
} from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { countPeople, newPool, poolPath } from './support.ts';

const PATH = '/api/identity/default/configuration';
// Of the word "quiet", with a published salt.
const HASH = '$2b$04$......................LAtw7/ohmmBAhnXqmkuIz83Rl5Qdjhm';

let server: ApiServer;
let writer: ApiClient;
let reader: ApiClient;
beforeAll(async () => {
  server = await startApiServer();
  writer = await server.system('default', 'manage_configuration');
  reader = await server.system('default', 'read_configuration');
});
afterAll(() => server.stop());

async function send(method: string, path: string, body: unknown) {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${await server.systemToken('default', 'manage_configuration')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  const answer = await answerOf(response);
  expectDeclared(method, path, answer);
  return answer;
}

const stamps = { created_at: '2024-01-02T03:04:05Z', updated_at: '2024-01-02T03:04:05Z' };

/** A person as the published client sends them: one row for each thing. */
function somebody(
  pool: string,
  id: string,
  { email = `${id}@example.test`, hash = HASH }: { email?: string; hash?: string } = {},
) {
  const owner = { tenant_id: 'default', user_pool_id: pool, user_id: id, ...stamps };
  return {
    users: [
      {
        id,
        tenant_id: 'default',
        user_pool_id: pool,
        status: 'active',
        payload: person(id),
        ...stamps,
      },
    ],
    user_identifiers: [{ ...owner, id: randomUUID(), identifier: email, type: 'email' }],
    user_verifiable_addresses: [
      { ...owner, id: randomUUID(), address: email, type: 'email', verified: true, status: 'active' },
    ],
    user_credentials: [
      {
        ...owner,
        id: randomUUID(),
        type: 'password',
        state: 'valid',
        payload: { hashed_password: { value: hash, config: { method: 'bcrypt', bcrypt: { cost: 4 } } } },
      },
    ],
  };
}

type Dump = Record<string, unknown[]>;
const merge = (...dumps: Dump[]): Dump =>
  Object.fromEntries(
    [...new Set(dumps.flatMap((dump) => Object.keys(dump)))].map((key) => [
      key,
      dumps.flatMap((dump) => dump[key] ?? []),
    ]),
  );

describe('a tenant as one document', () => {
  test('is written whole: schema, pool, people, groups, members; and again without a change', async () => {
    const pool = 'moved-pool';
    const dump = merge(somebody(pool, 'moved-1'), somebody(pool, 'moved-2'), {
      schemas: [
        {
          id: 'moved-schema',
          tenant_id: 'default',
          name: 'Moved',
          schema: { type: 'object', properties: { shoe: { type: 'number' } } },
        },
      ],
      pools: [{ id: pool, tenant_id: 'default', name: 'Moved', metadata_schema_id: 'moved-schema' }],
      groups: [
        { id: 'below', tenant_id: 'default', user_pool_id: pool, name: 'Below', path: '/top/below' },
        { id: 'top', tenant_id: 'default', user_pool_id: pool, name: 'Top', path: '/top' },
      ],
      group_members: [{ tenant_id: 'default', user_pool_id: pool, group_id: 'below', user_id: 'moved-1' }],
      codes: [],
    });
    Object.assign(dump['users']?.[0] ?? {}, { metadata: { shoe: 43 } });
    expect((await writer.put(PATH, dump)).status).toBe(204);
    const first = (await reader.get(PATH)).body;
    expect((await writer.put(PATH, dump)).status).toBe(204);
    expect(await countPeople(server, pool)).toEqual({ said: 2, held: 2 });

    const { body } = await server.api('default').get(`${poolPath(pool)}/users/moved-1`);
    expect(body).toMatchObject({ status: 'active', metadata: { shoe: 43 } });
    expect(dump['user_identifiers']).toContainEqual(expect.objectContaining({ id: body.identifiers[0].id }));
    const members = await server.api('default').get(`${poolPath(pool)}/groups/below/users`);
    expect(members.body.users.map(({ id }: { id: string }) => id)).toEqual(['moved-1']);

    const second = (await reader.get(PATH)).body;
    const untimed = (text: unknown) => JSON.stringify(text).replaceAll(/"[a-z_]+_at":"[^"]*"/g, '');
    expect(untimed(second)).toBe(untimed(first));
    expect(second.groups.map(({ path }: { path: string }) => path)).toEqual(['/top', '/top/below']);
    expect(JSON.stringify(second)).not.toContain('$2b$');
    // Nothing of those who administer the tenant.
    expect(JSON.stringify(second)).not.toContain('administrators');
  });

  test('gives back what it was given: the export of a tenant may be imported as it is', async () => {
    const pool = await newPool(server);
    expect((await writer.put(PATH, somebody(pool, 'round'))).status).toBe(204);
    const before = await server.db.knex('credentials').where({ pool_id: pool }).first('secret');
    const { body } = await reader.get(PATH);
    const mine = Object.fromEntries(
      Object.entries(body as Record<string, { user_pool_id?: string; id?: string }[]>).map(([key, rows]) => [
        key,
        rows.filter((row) => row.user_pool_id === pool || (key === 'pools' && row.id === pool)),
      ]),
    );
    expect(mine['user_credentials']).toHaveLength(1);
    expect((await writer.put(PATH, mine)).status).toBe(204);
    expect(await server.db.knex('credentials').where({ pool_id: pool }).first('secret')).toEqual(before);
  });

  test('replaces a person with all that is theirs, and names may change hands', async () => {
    const pool = await newPool(server);
    const two = merge(somebody(pool, 'swap-a'), somebody(pool, 'swap-b'));
    expect((await writer.put(PATH, two)).status).toBe(204);
    const swapped = merge(
      somebody(pool, 'swap-a', { email: 'swap-b@example.test' }),
      somebody(pool, 'swap-b', { email: 'swap-a@example.test' }),
    );
    expect((await writer.put(PATH, swapped)).status).toBe(204);
    const { body } = await server.api('default').get(`${poolPath(pool)}/users/swap-a`);
    expect(body.identifiers.map(({ identifier }: { identifier: string }) => identifier)).toEqual([
      'swap-b@example.test',
    ]);
  });

  test('is refused whole, naming every entry at fault', async () => {
    const pool = await newPool(server);
    const good = somebody(pool, 'good');
    const bad = somebody(pool, 'bad', { email: 'no address', hash: '$2b$99$nonsense' });
    const orphan = { user_identifiers: [{ ...good.user_identifiers[0], user_id: 'stranger' }] };
    const alone = await writer.put(PATH, merge(good, orphan));
    expect(alone).toMatchObject({
      status: 422,
      body: { details: [{ pointer: '/user_identifiers/1/user_id' }] },
    });
    const answer = await writer.put(PATH, merge(good, bad));
    expect(answer.status).toBe(422);
    expect(answer.body.details.map(({ pointer }: { pointer: string }) => pointer)).toEqual([
      '/user_identifiers/1/identifier',
      '/user_verifiable_addresses/1/address',
      '/user_credentials/1/payload/hashed_password',
    ]);
    expect(await countPeople(server, pool)).toEqual({ said: 0, held: 0 });
    expect(
      (await writer.put(PATH, { users: [{ id: 'x', user_pool_id: 'nowhere', status: 'active' }] })).status,
    ).toBe(404);
    const open = {
      type: 'activation',
      user_id: 'good',
      user_pool_id: pool,
      expires_at: '2999-01-01T00:00:00Z',
    };
    expect((await writer.put(PATH, merge(good, { codes: [open] }))).body.error_code).toBe('code_refused');
    const many = merge(...Array.from({ length: 101 }, (_, index) => somebody(pool, `many-${index}`)));
    expect((await writer.put(PATH, many)).status).toBe(422);
  });

  test('is in conflict with ids and names that are somebody else’s', async () => {
    const [pool, other] = [await newPool(server), await newPool(server)];
    await writer.put(PATH, merge(somebody(pool, 'mine'), somebody(other, 'theirs')));
    const answers = [
      await writer.put(PATH, somebody(pool, 'theirs', { email: 'new@example.test' })),
      await writer.put(PATH, somebody(pool, 'another', { email: 'mine@example.test' })),
      await writer.put(PATH, {
        groups: [
          { id: 'g1', user_pool_id: pool, name: 'Same' },
          { id: 'g2', user_pool_id: pool, name: 'same' },
        ],
      }),
    ];
    expect(statuses(answers)).toEqual([409, 409, 409]);
    const circle = await writer.put(PATH, {
      groups: [
        { id: 'c1', user_pool_id: pool, name: 'One', parent_id: 'c2' },
        { id: 'c2', user_pool_id: pool, name: 'Two', parent_id: 'c1' },
      ],
    });
    expect(circle.status).toBe(422);
    expect(await countPeople(server, pool)).toEqual({ said: 1, held: 1 });
  });

  test('is changed by JSON Patch: every operation, or none', async () => {
    const pool = await newPool(server);
    await writer.put(PATH, merge(somebody(pool, 'patched'), somebody(pool, 'untouched')));
    const dump = (await reader.get(PATH)).body;
    const at = (list: string, id: string) =>
      dump[list].findIndex((row: { id?: string; user_id?: string }) => row.user_id === id || row.id === id);
    const user = `/users/${at('users', 'patched')}`;
    const untouched = await server.db.knex('users').where({ user_id: 'untouched' }).first('row_version');
    const patch = (operations: object[], mode = '') => send('PATCH', `${PATH}${mode}`, operations);
    const done = await patch([
      { op: 'test', path: `${user}/payload/name`, value: 'patched' },
      { op: 'replace', path: `${user}/payload/name`, value: 'Patched Person' },
      { op: 'remove', path: `/user_verifiable_addresses/${at('user_verifiable_addresses', 'patched')}` },
      { op: 'add', path: '/groups/-', value: { id: 'patched-group', user_pool_id: pool, name: 'Patched' } },
    ]);
    expect(done.status).toBe(204);
    const { body } = await server.api('default').get(`${poolPath(pool)}/users/patched`);
    expect(body).toMatchObject({ payload: { name: 'Patched Person' }, verifiable_addresses: [] });
    expect(body.credentials).toHaveLength(1);
    expect(await server.db.knex('users').where({ user_id: 'untouched' }).first('row_version')).toEqual(
      untouched,
    );

    const refused = [
      await patch([
        { op: 'replace', path: `${user}/payload/name`, value: 'Half' },
        { op: 'test', path: `${user}/status`, value: 'deleted' },
      ]),
      await patch([{ op: 'remove', path: user }]),
      await patch([{ op: 'add', path: '/__proto__/status', value: 'active' }]),
      await patch([{ op: 'replace', path: '/users/999999/status', value: 'new' }]),
      await patch([{ op: 'replace', path: `${user}/status`, value: 'inactive' }], '?mode=fail'),
    ];
    expect(refused.map(({ status }) => status)).toEqual([422, 422, 422, 422, 409]);
    expect(
      (await patch([{ op: 'replace', path: `${user}/status`, value: 'inactive' }], '?mode=ignore')).status,
    ).toBe(204);
    const after = await server.api('default').get(`${poolPath(pool)}/users/patched`);
    expect(after.body).toMatchObject({ status: 'active', payload: { name: 'Patched Person' } });
  });

  test('is no document any more when it holds too much', async () => {
    const pool = await newPool(server);
    // 140 people with 60 KiB each.
    await server.db.knex.raw(
      `WITH people AS (SELECT 'heavy-' || n AS id FROM generate_series(1, 140) AS n),
            ids AS (INSERT INTO user_ids (tenant_id, user_id) SELECT 'default', id FROM people)
       INSERT INTO users (tenant_id, pool_id, user_id, status, payload, payload_schema_id, metadata_schema_id)
       SELECT 'default', ?, id, 'new', jsonb_build_object('name', repeat('x', 60 * 1024)), 'user_v0', 'metadata_v0'
         FROM people`,
      [pool],
    );
    const answers = [
      await reader.get(PATH),
      await send('PATCH', PATH, [{ op: 'test', path: '/codes', value: [] }]),
    ];
    for (const { status, body } of answers) {
      expect([status, body.error_code]).toEqual([422, 'too_large']);
      expect(JSON.stringify(body)).toContain('export the people of each pool as a stream');
    }
    const scope = { tenantId: 'default', poolId: pool };
    await server.domain.pools.remove(scope, { withConnections: false }, SYSTEM_ACTOR);
    expect((await reader.get(PATH)).status).toBe(200);
  });

  test('never reaches those who administer', async () => {
    const pool = await newPool(server);
    await writer.put(PATH, somebody(pool, 'promoted'));
    await server.db.knex('role_grants').insert({
      tenant_id: 'default',
      resource_type: 'tenant',
      role: 'admin',
      subject_type: 'identity_pool_user',
      subject_id: 'promoted',
    });
    const answers = [
      await writer.put(PATH, somebody(pool, 'promoted')),
      await writer.put(PATH, somebody('administrators', 'intruder')),
      await writer.put(PATH, { pools: [{ id: 'administrators', name: 'Mine' }] }),
      await reader.put(PATH, {}),
      await (await server.system('default', 'identity')).get(PATH),
      await server.api('default').get(PATH),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 401]);
    await server.db.knex('role_grants').where({ subject_id: 'promoted' }).del();
  });

  test('ends the access of whoever gets another password or leaves', async () => {
    const pool = await newPool(server);
    await writer.put(
      PATH,
      merge(somebody(pool, 'stays'), somebody(pool, 'changes'), somebody(pool, 'leaves')),
    );
    const grant = (account: string) => ({
      tenant_id: 'default',
      workspace_id: 'demo',
      grant_id: `grant-${account}`,
      account_id: account,
      client_id: 'demo',
      payload: '{}',
      expires_at: new Date(Date.now() + 60_000),
    });
    await server.db.knex('grants').insert(['stays', 'changes', 'leaves'].map(grant));
    const gone = somebody(pool, 'leaves');
    Object.assign(gone.users[0] as object, { status: 'inactive' });
    const other = '$2b$04$......................wtRQRnfWAqHXdGUcFkpJuhAnmdkCfKu';
    const dump = merge(somebody(pool, 'stays'), somebody(pool, 'changes', { hash: other }), gone);
    expect((await writer.put(PATH, dump)).status).toBe(204);
    const ended = await server.db
      .knex('grants')
      .whereNotNull('revoked_at')
      .orderBy('account_id')
      .pluck('account_id');
    expect(ended).toEqual(['changes', 'leaves']);
  });
});
