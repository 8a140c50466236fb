import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyPassword } from '../../src/credentials/hashers/index.ts';
import { runJobs } from '../../src/jobs/index.ts';
import { startApiServer, type ApiAnswer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { person } from '../support/domain.ts';
import { latestMessage, messageCount, messagesTo } from '../support/mailbox.ts';
import { watchStatements, type StatementLog } from '../support/statements.ts';
import { systemClient, type SystemClient } from '../support/system_client.ts';
import { volley, type VolleyAnswer } from '../support/volley.ts';

const PASSWORD = 'four calm herons fish at dusk';
const TOTP = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const A = '/api/identity/acme/admin/pools/staff';
const Y = '/api/identity/acme/system/pools/staff';
const PARALLEL = 50;
const TYPES = [
  'activation',
  'authentication',
  'challenge',
  'reset_password',
  'reset_totp',
  'enroll_webauthn',
  'verify_address',
] as const;

let server: ApiServer;
let acme: ApiClient;
let backend: SystemClient;
let log: StatementLog;
/** Every code that the wire has shown. */
const seen = new Set<string>();

beforeAll(async () => {
  server = await startApiServer();
  log = watchStatements();
  await server.createTenant('acme');
  acme = server.api('acme');
  for (const [id, name] of [
    ['staff', 'Staff'],
    ['others', 'Others'],
  ]) {
    await acme.post('/api/identity/acme/admin/pools', { id, name, public_registration_allowed: true });
  }
  backend = await systemClient(server, 'acme');
});
afterAll(async () => {
  log.stop();
  await server.stop();
});

let people = 0;
const nextAddress = () => `somebody${(people += 1)}@example.test`;

async function create(status: 'new' | 'active' | 'inactive', pool = A) {
  const email = nextAddress();
  const { body } = await acme.post(`${pool}/users`, {
    status,
    identifiers: [{ identifier: email, type: 'email' }],
    verifiable_addresses: [{ address: email, type: 'email', verified: status !== 'new' }],
    payload: person('Ann'),
  });
  return { id: body.id as string, email };
}

async function generate(userId: string, type: string, more: object = {}) {
  const { body } = await backend.post(`${Y}/users/${userId}/code/generate`, { type, ...more });
  seen.add(body.code).add(body.extended_code);
  return { code: body.code as string, extended: body.extended_code as string };
}

const not = (code: string) => code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));

async function setLimit(kind: string, attempts: number) {
  const limit = { protected_type: kind, max_attempts: attempts, block_duration: '5m0s' };
  await acme.put('/api/admin/acme/bruteforce', limit);
}

/** The same request 50 times at once, each on a connection of its own. */
const at = (path: string, bodies: readonly object[]): Promise<VolleyAnswer[]> =>
  volley(
    bodies.map((body) => ({
      port: server.port,
      host: new URL(server.url).host,
      method: 'POST' as const,
      path,
      headers: { authorization: `Bearer ${backend.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })),
  );
const times = <T>(make: (index: number) => T): T[] =>
  Array.from({ length: PARALLEL }, (_, index) => make(index));
const withStatus = (answers: readonly VolleyAnswer[], status: number) =>
  answers.filter((answer) => answer.status === status);

describe('guessing', () => {
  it('ends a code after five wrong tries, and a new code does not reset the counter of the account', async () => {
    const { id } = await create('active');
    const verify = (code: string) => backend.post(`${Y}/user/otp/verify`, { code, userID: id });
    await setLimit('identity_code_verify', 0);
    const { code, extended } = await generate(id, 'challenge');
    for (let tries = 0; tries < 5; tries += 1) expect((await verify(not(code))).status).toBe(401);
    expect((await verify(code)).status).toBe(401);
    expect((await verify(extended)).status).toBe(401);
    expect((await verify((await generate(id, 'challenge')).code)).status).toBe(200);

    await setLimit('identity_code_verify', 3);
    const next = await generate(id, 'challenge');
    for (let tries = 0; tries < 2; tries += 1) expect((await verify(not(next.code))).status).toBe(401);
    const last = await generate(id, 'challenge');
    expect((await verify(not(last.code))).status).toBe(401);
    const blocked = await verify(last.code);
    expect(blocked).toMatchObject({ status: 429, body: { error_code: 'too_many_tries' } });
    expect(Number(blocked.headers.get('retry-after'))).toBeGreaterThan(200);
    await acme.delete('/api/admin/acme/bruteforce/identity_code_verify');
  });

  it('evaluates at most five of many guesses at the same moment', async () => {
    const { id } = await create('active');
    await setLimit('identity_code_verify', 0);
    const { code } = await generate(id, 'challenge');
    const wrong = await at(
      `${Y}/user/otp/verify`,
      times(() => ({ code: not(code), userID: id })),
    );
    expect(withStatus(wrong, 401)).toHaveLength(PARALLEL);
    const row = await server.db.knex('codes').where({ user_id: id }).first('wrong_tries');
    expect(row).toEqual({ wrong_tries: 5 });
    await acme.delete('/api/admin/acme/bruteforce/identity_code_verify');
  });

  it('does not count a right code that is refused for another reason', async () => {
    const { id } = await create('active');
    const { code } = await generate(id, 'reset_password');
    const complete = (password: string) =>
      backend.post(`${Y}/user/password/reset/complete`, { code, userID: id, new_password: password });
    for (let tries = 0; tries < 7; tries += 1) expect((await complete('short')).status).toBe(422);
    expect((await complete(PASSWORD)).status).toBe(204);
  });

  it('blocks a person who is not there like one who is', async () => {
    const { email } = await create('active');
    const guess = (identifier: string) =>
      backend.post(`${Y}/user/password/reset/complete`, {
        code: '000000',
        identifier,
        new_password: PASSWORD,
      });
    for (const name of [email, 'nobody@example.test']) {
      const answers: ApiAnswer[] = [];
      for (let tries = 0; tries < 6; tries += 1) answers.push(await guess(name));
      expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 429]);
    }
  });
});

describe('a code is good for one thing only', () => {
  it('no other operation takes it, in either form', async () => {
    await setLimit('identity_code_verify', 0);
    await setLimit('identity_confirm_password', 0);
    await setLimit('identity_set_credential', 0);
    await setLimit('identity_address_verification', 0);
    await setLimit('identity_activate_self_registered', 0);
    const { id, email } = await create('active');
    const consumers: Record<(typeof TYPES)[number], (code: string) => Promise<ApiAnswer>> = {
      activation: (code) => backend.post(`${Y}/users/${id}/activate`, { code }),
      authentication: (code) => backend.post(`${Y}/user/authentication-code/verify`, { code, userID: id }),
      challenge: (code) => backend.post(`${Y}/user/otp/verify`, { code, userID: id }),
      reset_password: (code) =>
        backend.post(`${Y}/user/password/reset/complete`, { code, userID: id, new_password: PASSWORD }),
      reset_totp: (code) =>
        backend.post(`${Y}/user/totp/reset/complete`, { code, userID: id, new_totp_secret: TOTP }),
      enroll_webauthn: (code) =>
        backend.post(`${Y}/user/webauthn/add/complete`, {
          code,
          userID: id,
          new_web_authn: { id: 'AAAA', publicKey: COSE_KEY },
        }),
      verify_address: (code) =>
        backend.post(`${Y}/users/${id}/address/verification/complete`, { code, address: email }),
    };
    for (const made of TYPES.filter((type) => type !== 'activation' && type !== 'verify_address')) {
      const { code, extended } = await generate(id, made);
      for (const used of TYPES.filter((type) => type !== made)) {
        expect([made, used, (await consumers[used](code)).status]).toEqual([made, used, 401]);
        expect([made, used, (await consumers[used](extended)).status]).toEqual([made, used, 401]);
      }
      expect((await consumers[made](code)).status, made).toBeLessThan(300);
    }
    for (const kind of [
      'code_verify',
      'confirm_password',
      'set_credential',
      'address_verification',
      'activate_self_registered',
    ])
      await acme.delete(`/api/admin/acme/bruteforce/identity_${kind}`);
  });

  it('of one person, one pool and one tenant, and not after its time', async () => {
    const [ann, bob] = [await create('active'), await create('active')];
    const { code, extended } = await generate(ann.id, 'challenge');
    const verify = (body: object, base = Y) => backend.post(`${base}/user/otp/verify`, body);
    expect((await verify({ code, userID: bob.id })).status).toBe(401);
    expect((await verify({ code: extended, userID: bob.id })).status).toBe(401);
    expect((await verify({ code: extended }, Y.replace('staff', 'others'))).status).toBe(401);
    const flipped = extended.slice(0, -1) + (extended.endsWith('A') ? 'B' : 'A');
    expect((await verify({ code: flipped })).status).toBe(401);
    await server.db.knex('codes').where({ user_id: ann.id }).update({ expires_at: server.db.knex.fn.now() });
    expect((await verify({ code, userID: ann.id })).status).toBe(401);
    expect((await backend.post(`${Y}/user/otp/inspect`, { code: extended })).status).toBe(401);
    await runJobs({ db: server.db, attempts: noCounters, purgePools: () => Promise.resolve(0) });
    expect(await server.db.knex('codes').where({ user_id: ann.id })).toEqual([]);
  });

  it('not for a person who has left, and not again when they come back', async () => {
    const { id } = await create('active');
    const { extended } = await generate(id, 'reset_password');
    await acme.put(`${A}/users/${id}`, { status: 'inactive' });
    await acme.put(`${A}/users/${id}`, { status: 'active' });
    const reset = { code: extended, new_password: PASSWORD };
    expect((await backend.post(`${Y}/user/password/reset/complete`, reset)).status).toBe(401);
  });
});

describe('fifty at the same moment', () => {
  it('one challenge is answered once', async () => {
    const { id } = await create('active');
    const { extended } = await generate(id, 'challenge');
    const answers = await at(
      `${Y}/user/otp/verify`,
      times(() => ({ code: extended })),
    );
    expect(withStatus(answers, 200)).toHaveLength(1);
    expect(withStatus(answers, 401).length + withStatus(answers, 429).length).toBe(PARALLEL - 1);
  });

  it('one reset sets one password', async () => {
    const { id } = await create('active');
    const { code } = await generate(id, 'reset_password');
    const passwords = times((index) => `${PASSWORD} ${index}`);
    const answers = await at(
      `${Y}/user/password/reset/complete`,
      passwords.map((password) => ({ code, userID: id, new_password: password })),
    );
    const winner = answers.findIndex(({ status }) => status === 204);
    expect(withStatus(answers, 204)).toHaveLength(1);
    const row = await server.db.knex('credentials').where({ user_id: id }).first('secret');
    expect(await verifyPassword(passwords[winner] as string, (row as { secret: string }).secret)).toBe(true);
  });

  it('one activation counts', async () => {
    const { id } = await create('new');
    const { extended } = await generate(id, 'activation');
    const answers = await at(
      `${Y}/user/activate`,
      times(() => ({ code: extended })),
    );
    expect(withStatus(answers, 201)).toHaveLength(1);
    const { body } = await acme.get(`${A}/users/${id}`);
    expect(body).toMatchObject({ status: 'active', verifiable_addresses: [{ verified: true }] });
  });

  it('one registration makes a person, and nobody learns which', async () => {
    await setLimit('identity_registration', 0);
    const identifier = nextAddress();
    const answers = await at(
      `${Y}/user/register`,
      times(() => ({ identifier })),
    );
    expect(withStatus(answers, 201)).toHaveLength(PARALLEL);
    const ids = new Set(answers.map(({ body }) => (JSON.parse(body) as { id: string }).id));
    expect(ids.size).toBe(PARALLEL);
    const made = await server.db
      .knex('users')
      .whereIn('user_id', [...ids])
      .select('user_id');
    expect(made).toHaveLength(1);
    await acme.delete('/api/admin/acme/bruteforce/identity_registration');
  });

  it('one of two people proves an address that both claim', async () => {
    const address = nextAddress();
    const claims = await Promise.all(
      [1, 2].map(async () => {
        const { id } = await create('active');
        await acme.post(`${A}/users/${id}/addresses/add`, { address, type: 'email', verified: false });
        const { code } = await generate(id, 'verify_address', { address });
        return { id, code };
      }),
    );
    const answers = await Promise.all(
      claims.map(({ id, code }) =>
        backend.post(`${Y}/users/${id}/address/verification/complete`, { address, code }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    const proven = await server.db.knex('verifiable_addresses').where({ address, verified: true });
    expect(proven).toHaveLength(1);
  });
});

describe('whether somebody is there', () => {
  // The process has work of its own beside the requests, which can only add to what one sends: the fewest count.
  const SAMPLES = 3;
  const during = async (work: () => Promise<ApiAnswer>) => {
    const seenOnes = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) seenOnes.push(await log.during(work));
    const [{ result }] = seenOnes as [(typeof seenOnes)[number]];
    return { result, statements: Math.min(...seenOnes.map(({ statements }) => statements.length)) };
  };
  const bare = (answer: ApiAnswer) => ({
    status: answer.status,
    body: answer.body && { ...answer.body, correlation_id: undefined },
    headers: [...answer.headers.keys()].filter((name) => name !== 'date').sort(),
  });

  it.each([
    ['otp/request', (email: string) => ({ address: email })],
    ['password/reset/request', (email: string) => ({ address: email })],
    ['totp/reset/request', (email: string) => ({ address: email })],
    ['webauthn/add/request', (email: string) => ({ address: email })],
  ])('%s does not show: same answer, same statements, no message', async (path, body) => {
    const [ann, off] = [await create('active'), await create('inactive')];
    const ask = (email: string) => during(() => backend.post(`${Y}/user/${path}`, body(email)));
    const known = await ask(ann.email);
    const before = await messageCount(server);
    const unknown = await ask(nextAddress());
    const inactive = await ask(off.email);
    expect(bare(unknown.result)).toEqual(bare(known.result));
    expect(bare(inactive.result)).toEqual(bare(known.result));
    expect([unknown.statements, inactive.statements]).toEqual([known.statements, known.statements]);
    expect(await messageCount(server)).toBe(before);
    expect(await messagesTo(server, ann.email)).toHaveLength(SAMPLES);
  });

  it('a wrong code does not show it either', async () => {
    const [ann, off] = [await create('active'), await create('inactive')];
    const open = await create('active');
    const { code } = await generate(open.id, 'challenge');
    const guess = (identifier: string) =>
      during(() => backend.post(`${Y}/user/otp/verify`, { code: not(code), identifier }));
    const unknown = await guess(nextAddress());
    for (const { email } of [ann, off, open]) {
      const known = await guess(email);
      expect(bare(known.result)).toEqual(bare(unknown.result));
      expect(known.statements).toBe(unknown.statements);
    }
  });

  it('beyond the budget of an address nothing more is sent, and nothing else changes', async () => {
    const { id, email } = await create('active');
    const request = () => backend.post(`${Y}/user/otp/request`, { address: email });
    const answers: ApiAnswer[] = [];
    for (let asked = 0; asked < 12; asked += 1) answers.push(await request());
    expect(new Set(answers.map((answer) => JSON.stringify(bare(answer)))).size).toBe(1);
    expect(await messagesTo(server, email)).toHaveLength(5);
    const { code } = await latestMessage(server, email);
    seen.add(code ?? '');
    expect((await backend.post(`${Y}/user/otp/verify`, { code, userID: id })).status).toBe(200);
  });
});

it('no table holds a code that could be presented', async () => {
  const { rows } = await server.db.knex.raw<{ rows: { name: string }[] }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
      WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`,
  );
  const { id } = await create('active');
  await generate(id, 'challenge');
  const long = [...seen].filter((code) => code.length > 10);
  expect(long.length).toBeGreaterThan(5);
  for (const { name } of rows) {
    const dump = await server.db.knex.raw<{ rows: { text: string }[] }>(
      `SELECT coalesce(string_agg(t::text, E'\\n'), '') AS text FROM ${name} t`,
    );
    const text = dump.rows[0]?.text ?? '';
    for (const code of long) expect(text.includes(code), name).toBe(false);
    // Six digits turn up inside of ids and times: a code would stand alone.
    for (const code of seen) expect(new RegExp(`["(,]${code}[",)]`).test(text), name).toBe(false);
  }
});

const noCounters = { sweep: () => Promise.resolve(0) } as unknown as Parameters<
  typeof runJobs
>[0]['attempts'];

// An ES256 key in COSE form, base64: kty EC2, alg -7, crv P-256, a point of the curve.
const COSE_KEY = Buffer.from(
  'a5010203262001215820' +
    '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296' +
    '225820' +
    '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
  'hex',
).toString('base64');
