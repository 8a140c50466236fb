import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startApiServer,
  statuses,
  type ApiAnswer,
  type ApiClient,
  type ApiServer,
} from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';

let server: ApiServer;
let admin: ApiClient;
let backend: ApiClient;
const ADMIN = '/api/identity/acme/admin/pools';
const SYSTEM = '/api/identity/acme/system/pools';

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  admin = server.api('acme');
  backend = await server.system('acme', 'identity');
  await admin.post(ADMIN, { id: 'staff', name: 'Staff' });
  await admin.post(ADMIN, { id: 'folded', name: 'Folded', identifier_case_insensitive: true });
});
afterAll(() => server.stop());

/** The same operations in both APIs. */
const sides = [
  ['admin', ADMIN, () => admin],
  ['system', SYSTEM, () => backend],
] as const;

async function newPerson(pool = 'staff', body: object = {}): Promise<{ id: string; etag: string }> {
  const answer = await admin.post(`${ADMIN}/${pool}/users`, { status: 'new', ...body });
  expect(answer.status).toBe(201);
  return { id: answer.body.id, etag: answer.etag };
}

let made = 0;
const unused = (): string => `name${(made += 1)}@example.com`;
const email = (identifier: string) => ({ identifier, type: 'email' });
const verified = (address: string) => ({ address, type: 'email', verified: true });
const eventsOf = async (userId: string): Promise<{ action: string; payload: { user_updated?: unknown } }[]> =>
  server.db
    .knex('audit_events')
    .whereRaw(`metadata->>'affected_user_id' = ?`, [userId])
    .orderBy('occurred_at')
    .select('action', 'payload');

describe.each(sides)('identifiers in the %s API', (_, base, api) => {
  it('are added and removed, and raise the version of their person', async () => {
    const { id, etag } = await newPerson();
    const one = `${base}/staff/users/${id}`;
    const name = unused().toUpperCase();
    const added = await api().post(`${one}/identifiers/add`, { ...email(name), metadata: { from: 'hr' } });
    expect(added).toMatchObject({
      status: 200,
      body: {
        user_id: id,
        user_pool_id: 'staff',
        tenant_id: 'acme',
        identifier: name,
        identifier_lc: name.toLowerCase(),
        type: 'email',
        metadata: { from: 'hr' },
      },
    });
    const read = await api().get(one);
    expect(added.etag).not.toBe(etag);
    expect(read.etag).toBe(added.etag);
    expect(read.body.identifiers).toEqual([added.body]);
    const removed = await api().post(`${one}/identifiers/remove`, { identifier: name });
    expect(removed).toMatchObject({ status: 204 });
    expect((await api().get(one)).body.identifiers).toEqual([]);
    expect(await api().post(`${one}/identifiers/remove`, { identifier: name })).toMatchObject({
      status: 404,
    });
    expect((await eventsOf(id)).slice(1).map(({ payload }) => payload.user_updated)).toMatchObject([
      { update_details: { identifier_added: { identifier: name, type: 'email' } } },
      { update_details: { identifier_removed: { identifier: name } } },
    ]);
  });

  it('belong to one person of a pool', async () => {
    const [ann, ben] = [await newPerson(), await newPerson()];
    const [name, proven] = [unused(), unused()];
    const add = (id: string, body: object) => api().post(`${base}/staff/users/${id}/identifiers/add`, body);
    expect(await add(ann.id, email(name))).toMatchObject({ status: 200 });
    expect(await add(ann.id, email(name))).toMatchObject({ status: 409 });
    const refused = await add(ben.id, { identifier: name, type: 'uid' });
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'identifier_taken' } });
    await api().post(`${base}/staff/users/${ann.id}/addresses/add`, verified(proven));
    expect(await add(ben.id, email(proven.toUpperCase()))).toMatchObject({ status: 409 });
    // One's own proven address is the usual name to sign in with.
    expect(await add(ann.id, email(proven))).toMatchObject({ status: 200 });
    expect((await admin.get(`${ADMIN}/staff/users/${ben.id}`)).etag).toBe(ben.etag);
  });

  it('are compared by the rule of their pool', async () => {
    const [ann, ben] = [await newPerson('folded'), await newPerson('folded')];
    const name = unused();
    const at = (pool: string, id: string) => `${base}/${pool}/users/${id}/identifiers`;
    expect(await api().post(`${at('folded', ann.id)}/add`, { identifier: name, type: 'uid' })).toMatchObject({
      status: 200,
    });
    const shouted = { identifier: name.toUpperCase(), type: 'uid' };
    expect(await api().post(`${at('folded', ben.id)}/add`, shouted)).toMatchObject({ status: 409 });
    expect(
      await api().post(`${at('folded', ann.id)}/remove`, { identifier: name.toUpperCase() }),
    ).toMatchObject({ status: 204 });
    const [kim, lee] = [await newPerson(), await newPerson()];
    const plain = `plain${(made += 1)}`;
    for (const [one, identifier] of [
      [kim, plain],
      [lee, plain.toUpperCase()],
    ] as const) {
      expect(await api().post(`${at('staff', one.id)}/add`, { identifier, type: 'uid' })).toMatchObject({
        status: 200,
      });
    }
    expect(await api().post(`${at('staff', lee.id)}/remove`, { identifier: plain })).toMatchObject({
      status: 404,
    });
  });

  it.each([
    ['/type', { identifier: 'x@example.com' }],
    ['/identifier', { type: 'email' }],
    ['/identifier', email('nobody')],
    ['/identifier', { identifier: '12', type: 'mobile' }],
    ['/identifier', { identifier: 'linked', type: 'federated' }],
    ['/identifier', { identifier: { $ne: '' }, type: 'uid' }],
    ['/metadata', { ...email('x@example.com'), metadata: { a: 'x'.repeat(70_000) } }],
    ['/user_id', { ...email('x@example.com'), user_id: 'somebody' }],
    ['/identifier_lc', { ...email('x@example.com'), identifier_lc: 'admin@example.com' }],
  ])('refuse %s', async (pointer, body) => {
    const { id } = await newPerson();
    const refused = await api().post(`${base}/staff/users/${id}/identifiers/add`, body);
    expect(refused.status).toBe(422);
    expect(refused.body.details.map((issue: { pointer: string }) => issue.pointer)).toContain(pointer);
  });
});

describe.each(sides)('addresses in the %s API', (_, base, api) => {
  it('are added, changed and removed', async () => {
    const { id } = await newPerson();
    const one = `${base}/staff/users/${id}`;
    const address = unused();
    const added = await api().post(`${one}/addresses/add`, { address, type: 'email', verified: false });
    expect(added).toMatchObject({
      status: 200,
      body: { address, verified: false, status: 'active', user_id: id },
    });
    expect(added.body).not.toHaveProperty('verified_at');
    const change = { address: address.toUpperCase(), status: 'inactive', verified: true, metadata: { a: 1 } };
    const changed = await api().post(`${one}/addresses/update`, change, { 'If-Match': added.etag });
    expect(changed).toMatchObject({
      status: 200,
      body: { address, status: 'inactive', verified: true, metadata: { a: 1 } },
    });
    const again = await api().post(`${one}/addresses/update`, { address, status: 'active', verified: true });
    // What is left out stays, and so does the time of verification.
    expect(again.body).toMatchObject({ metadata: { a: 1 }, verified_at: changed.body.verified_at });
    const unproven = await api().post(`${one}/addresses/update`, {
      address,
      status: 'active',
      verified: false,
    });
    expect(unproven.body).not.toHaveProperty('verified_at');
    expect((await api().get(one)).etag).toBe(unproven.etag);
    expect(await api().post(`${one}/addresses/remove`, { address })).toMatchObject({ status: 204 });
    expect(await api().post(`${one}/addresses/remove`, { address })).toMatchObject({ status: 404 });
    expect(
      await api().post(`${one}/addresses/update`, { address, status: 'active', verified: true }),
    ).toMatchObject({ status: 404 });
    expect((await eventsOf(id)).slice(1).map(({ payload }) => payload.user_updated)).toMatchObject([
      { update_details: { address_added: { address } } },
      { update_details: { address_updated: { verified: true, status: 'inactive' } } },
      { update_details: { address_updated: { verified: true, status: 'active' } } },
      { update_details: { address_updated: { verified: false } } },
      { update_details: { address_removed: { address } } },
    ]);
  });

  it('belong to one person once they are verified, and to nobody whose name they are', async () => {
    const [ann, ben] = [await newPerson(), await newPerson()];
    const [shared, name] = [unused(), unused()];
    const at = (id: string, what: string) => `${base}/staff/users/${id}/${what}`;
    const unproven = { address: shared, type: 'email', verified: false };
    expect(await api().post(at(ann.id, 'addresses/add'), unproven)).toMatchObject({ status: 200 });
    expect(await api().post(at(ann.id, 'addresses/add'), unproven)).toMatchObject({ status: 409 });
    expect(await api().post(at(ben.id, 'addresses/add'), unproven)).toMatchObject({ status: 200 });
    const verify = { address: shared, status: 'active', verified: true };
    expect(await api().post(at(ann.id, 'addresses/update'), verify)).toMatchObject({ status: 200 });
    expect(await api().post(at(ben.id, 'addresses/update'), verify)).toMatchObject({ status: 409 });
    await api().post(at(ann.id, 'identifiers/add'), email(name));
    expect(await api().post(at(ben.id, 'addresses/add'), verified(name.toUpperCase()))).toMatchObject({
      status: 409,
    });
    expect(
      await api().post(at(ben.id, 'addresses/add'), { ...verified(name), verified: false }),
    ).toMatchObject({ status: 200 });
    expect(
      await api().post(at(ben.id, 'addresses/update'), { address: name, status: 'active', verified: true }),
    ).toMatchObject({ status: 409 });
  });

  it.each([
    ['/verified', { address: 'x@example.com', type: 'email' }],
    ['/type', { address: 'x@example.com', type: 'uid', verified: false }],
    ['/address', { address: 'x@example.com\r\nBcc: y@example.com', type: 'email', verified: false }],
    ['/address', { address: 'a@b@example.com', type: 'email', verified: false }],
    ['/verified', { address: 'x@example.com', type: 'email', verified: 'true' }],
    ['/verified_at', { ...verified('x@example.com'), verified_at: '2020-01-01T00:00:00Z' }],
    ['/preferred_contact_method', { ...verified('x@example.com'), preferred_contact_method: 'fax' }],
  ])('refuse %s', async (pointer, body) => {
    const { id } = await newPerson();
    const refused = await api().post(`${base}/staff/users/${id}/addresses/add`, body);
    expect(refused.status).toBe(422);
    expect(refused.body.details.map((issue: { pointer: string }) => issue.pointer)).toContain(pointer);
  });
});

describe('open codes', () => {
  const openCodes = (id: string) =>
    server.db.knex('codes').where({ user_id: id }).orderBy('slot').pluck('slot');
  async function withCodes(): Promise<{ id: string; kept: string; gone: string }> {
    const [kept, gone] = [unused(), unused()];
    const { id } = await newPerson('staff', {
      identifiers: [email(gone)],
      verifiable_addresses: [verified(kept), verified(gone)],
    });
    for (const address of [kept, gone]) {
      await server.db.knex('codes').insert({
        tenant_id: 'acme',
        pool_id: 'staff',
        code_id: crypto.randomUUID(),
        user_id: id,
        type: 'verify_address',
        slot: address,
        address_key: address,
        short_hash: 'x',
        extended_hash: Buffer.from('x'),
        expires_at: new Date(Date.now() + 60_000),
      });
    }
    return { id, kept, gone };
  }

  it.each([
    ['identifiers/remove', (gone: string) => ({ identifier: gone.toUpperCase().replace('NAME', 'name') })],
    ['addresses/remove', (gone: string) => ({ address: gone })],
    ['addresses/update', (gone: string) => ({ address: gone, status: 'inactive', verified: true })],
    ['addresses/update', (gone: string) => ({ address: gone, status: 'active', verified: false })],
  ])('end with the address that they went to (%s)', async (operation, body) => {
    const { id, kept, gone } = await withCodes();
    const path = `${ADMIN}/staff/users/${id}/${operation}`;
    expect((await admin.post(path, body(gone))).status).toBeLessThan(300);
    expect(await openCodes(id)).toEqual([kept]);
  });

  it('stay when only what is written beside the address changes', async () => {
    const { id, gone } = await withCodes();
    await admin.post(`${ADMIN}/staff/users/${id}/addresses/update`, {
      address: gone,
      status: 'active',
      verified: true,
      metadata: { note: 'x' },
    });
    expect(await openCodes(id)).toHaveLength(2);
  });
});

describe('a person whose proven addresses change', () => {
  // The list shows addresses masked, but for their host.
  const told = async (userId: string): Promise<string[]> => {
    const { body } = await admin.get(`${ADMIN}/staff/users/${userId}/messages`);
    const messages = body.messages as { template: string; address: string }[];
    return messages.map(({ template, address }) => `${template} ${address.split('@')[1]}`).sort();
  };
  const active = { status: 'active', payload: person('Told') };

  it('is told at the address that they had and at the one that they have', async () => {
    const [old, next] = ['told@old.example.com', 'told@new.example.com'];
    const { id } = await newPerson('staff', { ...active, verifiable_addresses: [verified(old)] });
    const one = `${ADMIN}/staff/users/${id}/addresses`;
    await admin.post(`${one}/add`, { ...verified(next), verified: false });
    expect(await told(id)).toEqual([]);
    await admin.post(`${one}/update`, { address: next, status: 'active', verified: true });
    const both = ['address_changed new.example.com', 'address_changed old.example.com'];
    expect(await told(id)).toEqual(both);
    await admin.post(`${one}/remove`, { address: old });
    expect(await told(id)).toEqual([...both, ...both].sort());
  });

  it('is not while they have none, or are only being invited', async () => {
    for (const start of [active, { status: 'new', verifiable_addresses: [verified(unused())] }]) {
      const { id } = await newPerson('staff', start);
      await admin.post(`${ADMIN}/staff/users/${id}/addresses/add`, verified(unused()));
      expect(await told(id)).toEqual([]);
    }
  });
});

describe('at the same moment', () => {
  const succeeded = (answers: readonly ApiAnswer[]) => answers.filter(({ status }) => status === 200).length;

  it('one of fifty gets an identifier for one of two people, the others 409, in two processes', async () => {
    const [ann, ben] = [await newPerson(), await newPerson()];
    const name = { identifier: unused(), type: 'email' } as const;
    // The domain here has connections of its own: it stands for another process.
    const elsewhere = async (userId: string) => {
      const scope = { tenantId: 'acme', poolId: 'staff', userId };
      return server.domain.identifiers.add(scope, name, SYSTEM_ACTOR).then(
        () => 200,
        (error: { kind: string }) => (error.kind === 'conflict' ? 409 : 500),
      );
    };
    const here = async (userId: string) =>
      (await admin.post(`${ADMIN}/staff/users/${userId}/identifiers/add`, name)).status;
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 4 < 2 ? here : elsewhere)((n % 2 === 0 ? ann : ben).id)),
    );
    expect(answers.filter((status) => status === 200)).toHaveLength(1);
    expect(answers.filter((status) => status === 409)).toHaveLength(49);
  });

  it('a name becomes either an identifier or another person’s verified address', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [ann, ben] = [await newPerson(), await newPerson()];
      const name = unused();
      const answers = await Promise.all([
        admin.post(`${ADMIN}/staff/users/${ann.id}/identifiers/add`, email(name)),
        admin.post(`${ADMIN}/staff/users/${ben.id}/addresses/add`, verified(name)),
        admin.post(`${ADMIN}/staff/users`, { status: 'new', identifiers: [email(name)] }),
      ]);
      expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(2);
    }
  });

  it('one of fifty changes based on the same version gets through, whatever it changes', async () => {
    const { id, etag } = await newPerson();
    const one = `${ADMIN}/staff/users/${id}`;
    const match = { 'If-Match': etag };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        index % 2 === 0
          ? admin.put(one, { metadata: { index } }, match)
          : admin.post(`${one}/identifiers/add`, email(unused()), match),
      ),
    );
    expect(succeeded(answers)).toBe(1);
    expect(answers.filter(({ status }) => status === 412)).toHaveLength(49);
  });

  it('one of two removals of the same identifier finds it', async () => {
    const name = unused();
    const { id } = await newPerson('staff', { identifiers: [email(name)] });
    const path = `${ADMIN}/staff/users/${id}/identifiers/remove`;
    const answers = await Promise.all([1, 2].map(() => admin.post(path, { identifier: name })));
    expect(statuses(answers)).toEqual([204, 404]);
  });
});

describe('the only way in of the last administrator', () => {
  it('stays', async () => {
    const { administratorsPoolId } = await server.createTenant('lonely');
    const lonely = server.api('lonely');
    const users = `/api/identity/lonely/admin/pools/${administratorsPoolId}/users`;
    const { body } = await lonely.post(users, {
      status: 'active',
      payload: person('Root'),
      identifiers: [email('root@example.com')],
      credentials: [{ type: 'password', password: 'quiet otter crosses river' }],
    });
    await server.db.knex('role_grants').insert({
      tenant_id: 'lonely',
      resource_type: 'tenant',
      role: 'admin',
      subject_type: 'identity_pool_user',
      subject_id: body.id,
    });
    const path = `${users}/${body.id}/identifiers/remove`;
    const refused = await lonely.post(path, { identifier: 'root@example.com' });
    expect(refused).toMatchObject({ status: 409, body: { error_code: 'last_administrator' } });
  });
});

describe('how much there may be', () => {
  it('is bounded, at creation and later', async () => {
    const many = (count: number) =>
      Array.from({ length: count }, () => ({ identifier: unused(), type: 'uid' }));
    const tooMany = { status: 'new', identifiers: many(51) };
    expect(await admin.post(`${ADMIN}/staff/users`, tooMany)).toMatchObject({ status: 422 });
    const { id } = await newPerson('staff', {
      identifiers: many(50),
      verifiable_addresses: Array.from({ length: 50 }, () => verified(unused())),
    });
    const one = `${ADMIN}/staff/users/${id}`;
    const answers = [
      await admin.post(`${one}/identifiers/add`, email(unused())),
      await admin.post(`${one}/addresses/add`, verified(unused())),
    ];
    expect(statuses(answers)).toEqual([422, 422]);
  });
});

describe('administrators', () => {
  it('are out of the reach of a backend: a name or address of theirs is a way in', async () => {
    const { administratorsPoolId } = await server.createTenant('guarded');
    const base = `/api/identity/guarded/system/pools/${administratorsPoolId}/users`;
    const { body } = await server
      .api('guarded')
      .post(base.replace('/system/', '/admin/'), { status: 'new', identifiers: [email('boss@example.com')] });
    const intruder = await server.system('guarded', 'identity');
    const attempts = [
      await intruder.post(base, { status: 'new' }),
      await intruder.put(`${base}/${body.id}`, { status: 'inactive' }),
      await intruder.delete(`${base}/${body.id}`),
      await intruder.post(`${base}/${body.id}/identifiers/add`, email('mallory@example.com')),
      await intruder.post(`${base}/${body.id}/identifiers/remove`, { identifier: 'boss@example.com' }),
      await intruder.post(`${base}/${body.id}/addresses/add`, verified('mallory@example.com')),
    ];
    expect(statuses(attempts)).toEqual([403, 403, 403, 403, 403, 403]);
    expect(
      (await server.api('guarded').get(`${base.replace('/system/', '/admin/')}/${body.id}`)).body,
    ).toEqual(body);
  });
});
