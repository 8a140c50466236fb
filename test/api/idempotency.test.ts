import { afterAll, beforeAll, expect, it } from 'vitest';
import { claimKey, keepAnswer, releaseKey } from '../../src/security/idempotency_store.ts';
import {
  startApiServer,
  statuses,
  SYSTEM_TENANT,
  type ApiClient,
  type ApiServer,
} from '../support/api_server.ts';

const POOLS = `/api/identity/${SYSTEM_TENANT}/admin/pools`;
const CLIENTS = `/api/admin/${SYSTEM_TENANT}/clients`;

let server: ApiServer;
let api: ApiClient;
beforeAll(async () => {
  server = await startApiServer();
  api = server.api(SYSTEM_TENANT);
});
afterAll(() => server.stop());

const keyed = (key: string) => ({ 'X-Idempotency-Key': key.padEnd(32, '-') });
const named = async (name: string): Promise<number> => {
  const { body } = await api.get(`${POOLS}?search_phrase=${encodeURIComponent(name)}`);
  return body.pools.length;
};

it('repeats the first answer, ETag and all, without a second effect', async () => {
  const first = await api.post(POOLS, { name: 'Guests' }, keyed('guests'));
  const again = await api.post(POOLS, { name: 'Guests' }, keyed('guests'));
  expect(first.status).toBe(201);
  expect(first.headers.get('x-idempotent-replayed')).toBeNull();
  expect(again).toMatchObject({ status: 201, body: first.body, etag: first.etag });
  expect(again.headers.get('x-idempotent-replayed')).toBe('true');
  expect(await named('Guests')).toBe(1);
});

it('repeats a refusal too', async () => {
  const refused = await api.post(POOLS, { name: 'Guests' }, keyed('taken'));
  const again = await api.post(POOLS, { name: 'Guests' }, keyed('taken'));
  expect(refused).toMatchObject({ status: 409, body: { error_code: 'name_taken' } });
  expect(again).toMatchObject({ status: 409, body: { error: refused.body.error, error_code: 'name_taken' } });
  expect(again.headers.get('x-idempotent-replayed')).toBe('true');
});

it('refuses another body under the same key', async () => {
  await api.post(POOLS, { name: 'First body' }, keyed('body'));
  const other = await api.post(POOLS, { name: 'Second body' }, keyed('body'));
  expect(other).toMatchObject({ status: 422, body: { error_code: 'idempotency_key_reused' } });
  expect(await named('Second body')).toBe(0);
});

it('keeps the keys of callers and of routes apart', async () => {
  await server.createTenant('apart');
  const foreign = server.api('apart');
  const body = { name: 'Same key' };
  const answers = [
    await api.post(POOLS, body, keyed('same')),
    await foreign.post('/api/identity/apart/admin/pools', body, keyed('same')),
    await api.post(`/api/identity/${SYSTEM_TENANT}/admin/workspace/demo/pools`, body, keyed('same')),
  ];
  expect(statuses(answers)).toEqual([201, 201, 201]);
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(3);
});

it('has one effect for 50 requests at the same moment, and one answer for all of them', async () => {
  const volley = Array.from({ length: 50 }, () => api.post(POOLS, { name: 'Volley' }, keyed('volley')));
  const answers = await Promise.all(volley);
  const ids = new Set(answers.map((answer) => answer.body.id));
  expect(statuses(answers)).toEqual(Array.from({ length: 50 }, () => 201));
  expect(ids.size).toBe(1);
  expect(answers.filter((answer) => answer.headers.has('x-idempotent-replayed'))).toHaveLength(49);
  expect(await named('Volley')).toBe(1);
});

it.each(['short', 'x'.repeat(256), `${'x'.repeat(40)} space`])('refuses the key %s', async (key) => {
  const answer = await api.post(POOLS, { name: 'Badly keyed' }, { 'X-Idempotency-Key': key });
  expect(answer).toMatchObject({ status: 400 });
});

it('keeps a secret that is shown once sealed, and shows it again to the same caller only', async () => {
  const body = { authorization_server_id: 'demo', grant_types: ['client_credentials'] };
  const made = await api.post(CLIENTS, body, keyed('client'));
  const again = await api.post(CLIENTS, body, keyed('client'));
  expect(made.body.client_secret).toMatch(/.{32}/);
  expect(again.body.client_secret).toBe(made.body.client_secret);
  const { rows } = await server.db.knex.raw('SELECT t::text AS row FROM idempotent_answers t');
  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain(made.body.client_secret);
});

it('forgets a key after its minute', async () => {
  await api.post(POOLS, { name: 'Forgotten' }, keyed('forgotten'));
  await server.db.knex('idempotent_answers').update({ expires_at: server.db.knex.fn.now() });
  const later = await api.post(POOLS, { name: 'Forgotten' }, keyed('forgotten'));
  expect(later).toMatchObject({ status: 409, body: { error_code: 'name_taken' } });
  expect(later.headers.get('x-idempotent-replayed')).toBeNull();
});

it('takes no answer for a key from a request that it has outlived', async () => {
  const { knex } = server.db;
  const own = { tenantId: SYSTEM_TENANT, keyHash: 'slow', bodyHash: 'first' };
  const next = { ...own, bodyHash: 'second' };
  expect(await claimKey(knex, own, 60)).toEqual({ state: 'ours' });
  await knex('idempotent_answers').where({ key_hash: 'slow' }).update({ expires_at: knex.fn.now() });
  expect(await claimKey(knex, next, 60)).toEqual({ state: 'ours' });
  await keepAnswer(knex, own, 'late');
  await releaseKey(knex, own);
  expect(await claimKey(knex, next, 60)).toEqual({ state: 'under_way' });
  await keepAnswer(knex, next, 'in time');
  expect(await claimKey(knex, next, 60)).toEqual({ state: 'answered', answer: 'in time' });
});

it('answers 409 while the first request is under way and does not end', async () => {
  const { knex } = server.db;
  await api.post(POOLS, { name: 'Under way' }, keyed('under-way'));
  // As a process leaves it that was killed between the claim and the answer.
  await knex('idempotent_answers').update({ answer: null });
  const answer = await api.post(POOLS, { name: 'Under way' }, keyed('under-way'));
  expect(answer).toMatchObject({ status: 409, body: { error_code: 'idempotency_key_in_use' } });
  expect(answer.headers.get('retry-after')).toBe('1');
});
