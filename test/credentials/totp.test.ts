import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { timeStepOf } from '../../src/credentials/totp.ts';
import { statuses } from '../support/api_server.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { startSelfServer, type SelfServer } from '../support/self_api.ts';
import { volley } from '../support/volley.ts';

const SECRET = 'BLEXAM6OPBBZTCFUOPVHDQ2HVG7PTMK3';
const OTHER = 'KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU';
const tenant = { tenantId: 'acme' };

let server: SelfServer;
let base: string;
beforeAll(async () => {
  server = await startSelfServer();
  ({ base } = server);
});
afterAll(() => server.stop());

const codeOf = (secret: string, seconds = 0): string =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1000) + seconds });
const scopeOf = (userId: string) => ({ ...tenant, poolId: 'customers', userId });
const changePath = (id: string) => `/api/identity/acme/system/pools/customers/users/${id}/totp/change`;
/** A person with a secret, by way of the domain. */
async function enrolled(name: string, secret = SECRET) {
  const made = await server.addPerson(name);
  await server.domain.totp.set(scopeOf(made.id), secret, { by: SYSTEM_ACTOR });
  return made;
}
const secretRow = (userId: string) =>
  server.db.knex('credentials').where({ user_id: userId, type: 'totp' }).first<{ secret: string }>('secret');

describe('codes', () => {
  // RFC 6238 appendix B, cut to six digits; the secret is the text 12345678901234567890.
  const RFC_SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_234_567_890, '005924'],
    [20_000_000_000, '353130'],
  ])('at %i is that of the specification', async (now, code) => {
    const step = Math.floor(now / 30);
    expect(await timeStepOf(RFC_SECRET, code, { now, afterTimeStep: undefined })).toBe(step);
    expect(await timeStepOf(RFC_SECRET, code, { now: now + 30, afterTimeStep: step - 1 })).toBe(step);
    expect(await timeStepOf(RFC_SECRET, code, { now, afterTimeStep: step })).toBeUndefined();
    expect(await timeStepOf(RFC_SECRET, code, { now: now + 60, afterTimeStep: undefined })).toBeUndefined();
    expect(await timeStepOf(RFC_SECRET, `${code}0`, { now, afterTimeStep: undefined })).toBeUndefined();
  });

  it('of an older step than one that was used are refused, and nothing breaks when the clock goes back', async () => {
    const now = 1_234_567_890;
    const step = Math.floor(now / 30);
    expect(await timeStepOf(RFC_SECRET, '005924', { now, afterTimeStep: step + 1 })).toBeUndefined();
    expect(await timeStepOf(RFC_SECRET, '005924', { now, afterTimeStep: step + 1_000 })).toBeUndefined();
  });

  it('count once, whoever is asked at the same moment', async () => {
    const { id } = await enrolled('Race');
    const code = codeOf(SECRET);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => server.domain.totp.check(scopeOf(id), code)),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await server.domain.totp.check(scopeOf(id), code)).toBe(false);
    expect(await server.domain.totp.check(scopeOf(id), codeOf(SECRET, -30))).toBe(false);
    expect(await server.domain.totp.check(scopeOf(id), codeOf(SECRET, 30))).toBe(true);
  });
});

describe('a secret', () => {
  it('is given at creation, sealed, and never shown', async () => {
    const users = '/api/identity/acme/system/pools/customers/users';
    const created = await server.backend.post(users, {
      status: 'new',
      credentials: [{ type: 'totp', totp_secret: 'blex am6o-pbbz tcfu opvh dq2h vg7p tmk3' }],
    });
    expect(created).toMatchObject({
      status: 201,
      body: { credentials: [{ type: 'totp', state: 'valid', payload: { secret: '###' } }] },
    });
    expect(await server.domain.totp.check(scopeOf(created.body.id), codeOf(SECRET))).toBe(true);
    const row = await secretRow(created.body.id);
    expect(row?.secret).toMatch(/^v1\./);
    expect(JSON.stringify(created.body)).not.toContain(SECRET);
    for (const secret of ['', 'JBSWY3DPEHPK3PXP', '0189', `${SECRET}1`, 'A'.repeat(120), undefined]) {
      const refused = await server.backend.post(users, {
        status: 'new',
        credentials: [{ type: 'totp', totp_secret: secret }],
      });
      expect(refused.status).toBe(422);
      expect(refused.body.details[0].pointer).toBe('/credentials/0/totp_secret');
    }
  });

  it('of one person opens nowhere else', async () => {
    const [ann, bob] = [await enrolled('Ann'), await enrolled('Bob', OTHER)];
    const taken = await secretRow(ann.id);
    await server.db
      .knex('credentials')
      .where({ user_id: bob.id, type: 'totp' })
      .update({ secret: taken?.secret });
    await expect(server.domain.totp.check(scopeOf(bob.id), codeOf(SECRET))).rejects.toThrow(
      /belongs to another place/,
    );
  });

  it('is set once by the person, with a recent sign-in, and a notice goes out', async () => {
    const { id } = await server.addPerson('Sue');
    const sue = await server.signIn('sue@example.test');
    const elsewhere = await server.signIn('sue@example.test');
    const path = `${base}/v2/self/set-totp-secret`;
    expect((await sue.post(path, { new_totp_secret: 'short' })).status).toBe(422);
    const read = await sue.get(`${base}/v2/self/me`);
    expect((await sue.post(path, { new_totp_secret: SECRET }, { 'If-Match': '"9"' })).status).toBe(412);
    expect((await sue.post(path, { new_totp_secret: SECRET }, { 'If-Match': read.etag })).status).toBe(204);
    expect((await elsewhere.get(`${base}/self/me`)).status).toBe(401);
    expect(await sue.post(path, { new_totp_secret: OTHER })).toMatchObject({
      status: 422,
      body: { error_code: 'totp_already_set' },
    });
    const after = await sue.get(`${base}/v2/self/me`);
    expect(after.etag).not.toBe(read.etag);
    expect(after.body.credentials.map((one: { type: string }) => one.type)).toEqual(['password', 'totp']);
    const messages = await server.db.knex('outbox').where({ user_id: id }).pluck('template');
    expect(messages).toEqual(['new_second_factor']);
    await makeOld(id);
    expect(await sue.post(path, { new_totp_secret: SECRET })).toMatchObject({
      status: 401,
      body: { error_code: 'recent_authentication_required' },
    });
  });
});

/** Six minutes pass for the access tokens of a person. */
async function makeOld(userId: string): Promise<void> {
  const rows = await server.db
    .knex('tokens')
    .where({ account_id: userId, model: 'AccessToken' })
    .select<{ id_hash: Buffer; payload: string }[]>('id_hash', 'payload');
  for (const { id_hash, payload } of rows) {
    const token = JSON.parse(payload) as { extra: { auth_time: number } };
    token.extra.auth_time -= 360;
    await server.db
      .knex('tokens')
      .where({ id_hash })
      .update({ payload: JSON.stringify(token) });
  }
}

describe('changing a secret', () => {
  it('takes a current code of the old one, once, in both APIs', async () => {
    const { id } = await enrolled('Tom');
    const used = codeOf(SECRET);
    expect((await server.backend.post(changePath(id), { totp: used, new_totp_secret: SECRET })).status).toBe(
      204,
    );
    // The same secret again keeps its used codes used.
    expect(await server.backend.post(changePath(id), { totp: used, new_totp_secret: OTHER })).toMatchObject({
      status: 401,
      body: { error_code: 'totp_wrong' },
    });
    const next = { totp: codeOf(SECRET, 30), new_totp_secret: OTHER };
    expect((await server.backend.post(changePath(id), next)).status).toBe(204);
    const tom = await server.signIn('tom@example.test');
    const path = `${base}/v2/self/change-totp-secret`;
    expect((await tom.post(path, { totp: codeOf(SECRET), new_totp_secret: SECRET })).status).toBe(401);
    expect((await tom.post(path, { totp: codeOf(OTHER), new_totp_secret: SECRET })).status).toBe(204);
    expect(await server.domain.totp.check(scopeOf(id), codeOf(SECRET))).toBe(true);
  });

  it('is refused where there is none, for nobody, and after five wrong codes', async () => {
    const none = await server.addPerson('None');
    const body = { totp: '000000', new_totp_secret: OTHER };
    for (let tries = 0; tries < 7; tries += 1) {
      expect(await server.backend.post(changePath(none.id), body)).toMatchObject({
        status: 422,
        body: { error_code: 'totp_not_set' },
      });
    }
    expect((await server.backend.post(changePath('nobody'), body)).status).toBe(404);
    const foreign = '/api/identity/acme/system/pools/elsewhere/users';
    expect((await server.backend.post(`${foreign}/${none.id}/totp/change`, body)).status).toBe(404);

    const { id } = await enrolled('Guessed');
    const wrong = codeOf(OTHER);
    const answers = [];
    for (let tries = 0; tries < 6; tries += 1) {
      answers.push(await server.backend.post(changePath(id), { totp: wrong, new_totp_secret: OTHER }));
    }
    expect(statuses(answers)).toEqual([401, 401, 401, 401, 401, 429]);
    const right = await server.backend.post(changePath(id), { totp: codeOf(SECRET), new_totp_secret: OTHER });
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
    const events = await server.db
      .knex('audit_events')
      .whereRaw(`metadata ->> 'affected_user_id' = ?`, [id])
      .andWhere({ event_subject: 'totp', action: 'rejected' });
    expect(events).toHaveLength(5);
    expect(JSON.stringify(events)).not.toContain(wrong);
  });

  it('has one winner among fifty with the same code', async () => {
    const { id } = await enrolled('Fifty');
    const limit = {
      protected_type: 'identity_self_change_totp_secret',
      max_attempts: 0,
      block_duration: '1m',
    };
    expect((await server.api('acme').put('/api/admin/acme/bruteforce', limit)).status).toBe(201);
    const fifty = await server.signIn('fifty@example.test');
    const body = JSON.stringify({ totp: codeOf(SECRET), new_totp_secret: OTHER });
    const { host, port } = new URL(server.url);
    const answers = await volley(
      Array.from({ length: 50 }, () => ({
        port: Number(port),
        host,
        method: 'POST' as const,
        path: `${base}/v2/self/change-totp-secret`,
        headers: { authorization: `Bearer ${fifty.token}`, 'content-type': 'application/json' },
        body,
      })),
    );
    const won = answers.filter(({ status }) => status === 204);
    expect(won).toHaveLength(1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204, 401]));
    expect(await server.domain.totp.check(scopeOf(id), codeOf(OTHER))).toBe(true);
  });
});
