import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealer } from '../../src/security/seal.ts';
import { ConfigBus } from '../../src/workspaces/config_change.ts';
import { createKeyScheduleService } from '../../src/workspaces/key_schedule_service.ts';
import { createKeyService } from '../../src/workspaces/key_service.ts';
import { createRsaStock } from '../../src/workspaces/rsa_stock.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { mara, relyingParty } from '../support/demo.ts';
import { client } from '../support/relying_party.ts';
import { startApiServer, statuses, type ApiClient, type ApiServer } from '../support/api_server.ts';

let server: ApiServer;
let acme: ApiClient;
let backend: { id: string; secret: string };
const SERVERS = '/api/admin/acme/servers';
const KEYS = `${SERVERS}/shop/keys`;
/** How long clients may keep a JWKS. */
const KEPT_SECONDS = 300;

beforeAll(async () => {
  server = await startApiServer();
  await server.createTenant('acme');
  acme = server.api('acme');
  for (const id of ['shop', 'raced', 'planned', 'aged']) await acme.post(SERVERS, { id });
  const scope = { tenantId: 'acme', workspaceId: 'shop' };
  const input = { id: 'backend', grantTypes: ['client_credentials'] as const };
  const { id, clientSecret = '' } = await server.domain.clients.create(scope, input, SYSTEM_ACTOR);
  backend = { id, secret: clientSecret };
});
afterAll(() => server.stop());

const jwks = async (workspaceId = 'shop'): Promise<JSONWebKeySet> => {
  const answer = await fetch(`${server.url}/acme/${workspaceId}/.well-known/jwks.json`);
  return (await answer.json()) as JSONWebKeySet;
};
const kids = async (workspaceId?: string) => (await jwks(workspaceId)).keys.map(({ kid }) => kid);

/** A JWT access token of the workspace's own API, as it comes when nobody asks for another. */
const newToken = async (): Promise<string> => {
  const answer = await fetch(`${server.url}/acme/shop/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${backend.id}:${backend.secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
};
const verify = async (token: string, keys: JSONWebKeySet) => {
  const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(keys));
  return protectedHeader.kid;
};

/** Time passes for the keys of a workspace. */
const later = async (workspaceId: string, seconds: number): Promise<void> => {
  await server.db.knex.raw(
    `UPDATE signing_keys SET created_at = created_at - make_interval(secs => :seconds),
            retire_after = retire_after - make_interval(secs => :seconds)
      WHERE workspace_id = :workspaceId`,
    { seconds, workspaceId },
  );
  await server.db.knex.raw(
    `UPDATE key_rotations SET scheduled_at = scheduled_at - make_interval(secs => :seconds)
      WHERE tenant_id = 'acme' AND workspace_id = :workspaceId`,
    { seconds, workspaceId },
  );
};
const tend = () => server.domain.keySchedules.tend();
/** The same with nothing in common but the database, as in another process. */
function anotherProcess() {
  const { db } = server;
  const bus = new ConfigBus();
  const sealer = createSealer(server.config.masterKeys);
  return createKeyScheduleService({
    db,
    bus,
    keys: createKeyService({ db, bus, sealer, rsaStock: createRsaStock() }),
  });
}

describe('the keys of a workspace', () => {
  it('are listed without their private parts, and given one by one', async () => {
    await tend();
    const { body, etag } = await acme.get(KEYS);
    expect(etag).toMatch(/^"\d+"$/);
    expect(body).toMatchObject({
      current_key: { alg: 'RS256', kty: 'RSA', promoted_at: body.current_key.created_at },
      next_key: { alg: 'RS256' },
      rotated_keys: [],
      revoked_keys: [],
    });
    const published = (await jwks()).keys;
    for (const key of published) {
      const { body: raw } = await acme.get(`${KEYS}/${key.kid}/raw`);
      expect(raw).toEqual(key);
      expect(Object.keys(raw as object)).not.toContain('d');
    }
    expect(published.map(({ alg }) => alg).sort()).toEqual(['ES256', 'ES256', 'RS256', 'RS256']);
    const other = await acme.get(`${KEYS}?key_type=ecdsa`);
    expect(published.map(({ kid }) => kid)).toContain(other.body.current_key.kid);
    expect(other.body.current_key).not.toHaveProperty('d');
  });

  it('are only the workspace’s own, and of the kinds there are', async () => {
    const { body } = await acme.get(`${SERVERS}/raced/keys`);
    const foreign = body.current_key.kid as string;
    expect((await acme.get(`${KEYS}/${foreign}/raw`)).status).toBe(404);
    expect((await acme.post(`${KEYS}/revoke/${foreign}`, {})).status).toBe(404);
    expect((await acme.get(`${SERVERS}/nowhere/keys`)).status).toBe(404);
    expect((await acme.get(`${KEYS}?use=enc`)).status).toBe(400);
    expect((await acme.post(`${KEYS}/rotate?key_type=dsa`, {})).status).toBe(400);
  });
});

describe('a rotation', () => {
  it('never breaks a client that keeps its JWKS for five minutes, whenever it is asked for', async () => {
    const signers: (string | undefined)[] = [];
    let kept: JSONWebKeySet = await jwks();
    const answers: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      // Nobody waits for the right moment: the second would sign with what nobody has seen yet.
      for (let times = 0; times < 2; times += 1) {
        answers.push((await acme.post(`${KEYS}/rotate?key_type=ecdsa`, {})).status);
      }
      const token = await newToken();
      // By what the client took home as long ago as it may keep it, and by what is published now.
      signers.push(await verify(token, kept));
      const now = await jwks();
      await verify(token, now);
      kept = now;
      await later('shop', KEPT_SECONDS);
    }
    expect(new Set(signers).size).toBeGreaterThan(1);
    expect(new Set(answers)).toEqual(new Set([200, 409]));
  });

  it('says until when it has to wait, and keeps what was signed before verifiable', async () => {
    const { body: before, etag } = await acme.get(`${KEYS}?key_type=rsa`);
    await later('shop', 2 * KEPT_SECONDS);
    const stale = await acme.post(`${KEYS}/rotate`, {}, { 'if-match': '"1000000"' });
    expect(stale.status).toBe(412);
    const rotated = await acme.post(`${KEYS}/rotate`, {}, { 'if-match': etag });
    expect(rotated).toMatchObject({ status: 200, body: { kid: before.next_key.kid } });
    expect(rotated.etag).not.toBe(etag);
    const { body: after } = await acme.get(KEYS);
    expect(after).toMatchObject({
      current_key: { kid: before.next_key.kid },
      rotated_keys: [{ kid: before.current_key.kid, retires_at: expect.any(String) as string }],
    });
    expect([before.current_key.kid, before.next_key.kid]).not.toContain(after.next_key.kid);
    expect(await kids()).toEqual(expect.arrayContaining([before.current_key.kid, after.next_key.kid]));
    const tooEarly = await acme.post(`${KEYS}/rotate`, undefined);
    expect(tooEarly).toMatchObject({ status: 409, body: { error: expect.any(String) as string } });
    expect(JSON.stringify(tooEarly.body)).toContain(after.next_key.usable_from);
  });

  it('happens once when twenty ask for it', async () => {
    const at = `${SERVERS}/raced/keys`;
    await tend();
    await later('raced', 2 * KEPT_SECONDS);
    const { body: before } = await acme.get(at);
    const answers = await Promise.all(Array.from({ length: 20 }, () => acme.post(`${at}/rotate`, {})));
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(409)]);
    const { body: after } = await acme.get(at);
    expect(after.current_key.kid).toBe(before.next_key.kid);
    expect(after.rotated_keys.map(({ kid }: { kid: string }) => kid)).toEqual([before.current_key.kid]);
    expect(await kids('raced')).toHaveLength(5);
  });

  it('leaves one key that signs and one that waits, whatever is revoked at the same moment', async () => {
    const at = `${SERVERS}/raced/keys`;
    const { body: before } = await acme.get(`${at}?key_type=ecdsa`);
    const answers = await Promise.all(
      Array.from({ length: 15 }, (_, index) => {
        if (index % 3 === 0) return acme.post(`${at}/rotate?key_type=ecdsa`, {});
        return acme.post(`${at}/revoke/${(index % 3 === 1 ? before.current_key : before.next_key).kid}`, {});
      }),
    );
    for (const { status } of answers) expect([200, 409]).toContain(status);
    const { keys } = await server.domain.keys.list({ tenantId: 'acme', workspaceId: 'raced' }, 'ES256');
    const ended = [before.current_key.kid, before.next_key.kid];
    for (const status of ['current', 'next']) {
      const [key, ...others] = keys.filter((one) => one.status === status);
      expect(ended).not.toContain(key?.kid);
      expect(others).toEqual([]);
    }
  });

  it('ends with the key that it put aside, when nothing that it signed is alive', async () => {
    const at = `${SERVERS}/aged/keys`;
    await tend();
    await later('aged', 2 * KEPT_SECONDS);
    const { body: promoted } = await acme.post(`${at}/rotate`, {});
    const rotated = (await acme.get(at)).body.rotated_keys[0];
    await later('aged', 24 * 3600);
    await tend();
    // A day is the longest life of a token; clocks differ.
    expect(await kids('aged')).toContain(rotated.kid);
    await later('aged', 600);
    await tend();
    // Another process tended: this one hears of it within two seconds.
    await expect.poll(() => kids('aged'), { timeout: 5_000 }).not.toContain(rotated.kid);
    expect(await acme.get(at)).toMatchObject({
      body: { current_key: { kid: promoted.kid }, rotated_keys: [] },
    });
  });
});

describe('what a rotated key has signed', () => {
  it('is a token to our own API, and a hint of who signs out, until the key is revoked', async () => {
    const manager = server.api('default');
    const app = await relyingParty({ publicUrl: server.url, elsewhere: server.domain });
    const { tokens } = await app.signIn(mara);
    await later('demo', 2 * KEPT_SECONDS);
    await later('admin', 2 * KEPT_SECONDS);
    const at = '/api/admin/default/servers';
    expect((await manager.post(`${at}/admin/keys/rotate?key_type=ecdsa`, {})).status).toBe(200);
    expect((await manager.post(`${at}/demo/keys/rotate?key_type=rsa`, {})).status).toBe(200);

    const { body } = await manager.get(`${at}/demo/keys`);
    const signedOut = async () => {
      const hint = { id_token_hint: tokens.id_token ?? '', client_id: app.options.clientId };
      return (await app.browser.open(client.buildEndSessionUrl(app.config, hint))).status;
    };
    expect(await signedOut()).toBe(200);
    await manager.post(`${at}/demo/keys/revoke/${body.rotated_keys[0].kid}`, {});
    expect(await signedOut()).toBe(400);
  });
});

describe('a revoked key', () => {
  it('is worth nothing at once: not in the JWKS, not to ourselves; another signs in its place', async () => {
    // Of the workspace that the caller's own token is from.
    await server.createTenant('globex');
    const caller = server.api('globex');
    const at = '/api/admin/globex/servers/admin/keys';
    const published = async () => {
      const answer = await fetch(`${server.url}/globex/admin/.well-known/jwks.json`);
      const { keys } = (await answer.json()) as JSONWebKeySet;
      return { etag: answer.headers.get('etag'), kids: keys.map(({ kid }) => kid) };
    };
    const { body } = await caller.get(`${at}?key_type=ecdsa`);
    const kid = body.current_key.kid as string;
    const before = await published();
    expect(before.kids).toContain(kid);
    const revoked = await caller.post(`${at}/revoke/${kid}`, {});
    expect(revoked).toMatchObject({
      status: 200,
      body: { kid, revoked_at: expect.any(String) as string },
    });
    const after = await published();
    expect(after.etag).not.toBe(before.etag);
    expect(after.kids).not.toContain(kid);
    expect((await caller.get(at)).status).toBe(401);

    const scope = { tenantId: 'globex', workspaceId: 'admin' };
    const { keys } = await server.domain.keys.list(scope, 'ES256');
    expect(keys.map(({ status }) => status).sort()).toEqual(['current', 'next', 'revoked']);
    expect(after.kids).toContain(keys.find(({ status }) => status === 'current')?.kid);
    const again = await server.domain.keys.revoke(scope, kid, SYSTEM_ACTOR);
    expect(again.revokedAt?.toISOString()).toBe(revoked.body.revoked_at);
    const [sealed] = (await server.db
      .knex('signing_keys')
      .where({ kid })
      .pluck('private_jwk_sealed')) as string[];
    expect(sealed?.length, 'no private key in it').toBeLessThan(80);
  });
});

describe('a schedule', () => {
  const at = `${SERVERS}/planned/keys`;
  const plan = `${at}/automatic-key-rotation`;

  it('is set, read, changed and switched off', async () => {
    const none = await acme.get(plan);
    expect(none).toMatchObject({ status: 200, etag: '"0"', body: { enabled: false, cron: '' } });
    expect((await acme.put(plan, none.body, { 'if-match': none.etag })).status).toBe(200);
    const monthly = { enabled: true, cron: '30 3 1 * *', starting_from: '2031-05-02T00:00:00Z' };
    const set = await acme.put(plan, monthly);
    expect(set).toMatchObject({ status: 200, body: { scheduled_at: '2031-06-01T03:30:00.000Z' } });
    expect((await acme.put(plan, monthly, { 'if-match': none.etag })).status).toBe(412);
    const same = await acme.put(plan, set.body, { 'if-match': set.etag });
    expect(same.body).toEqual(set.body);
    const off = await acme.put(plan, { enabled: false, cron: '30 3 1 * *' });
    expect(off.body).toEqual({ enabled: false, cron: '30 3 1 * *' });
  });

  it.each([
    '',
    'daily',
    '* * * * *',
    '0,30 4 * * *',
    '0 0 30 2 *',
    '61 * * * *',
    '0 0 0 1 1 *',
    '@daily',
    '0 0 L * *',
  ])('is refused as %j', async (cron) => {
    const answer = await acme.put(plan, { enabled: true, cron });
    expect(answer).toMatchObject({ status: 422, body: { details: [{ pointer: '/cron' }] } });
  });

  it('rotates every type once, however many processes see that it is time', async () => {
    const elsewhere = anotherProcess();
    await tend();
    await acme.put(plan, { enabled: true, cron: '0 3 1 * *' });
    // A current and a next key of both types, once this process has heard of them.
    await expect.poll(() => kids('planned'), { timeout: 5_000 }).toHaveLength(4);
    const before = await kids('planned');
    await later('planned', 2 * KEPT_SECONDS);
    await tend();
    expect(await kids('planned'), 'before its time').toEqual(before);

    await later('planned', 32 * 24 * 3600);
    await Promise.all([
      ...Array.from({ length: 5 }, tend),
      ...Array.from({ length: 5 }, () => elsewhere.tend()),
    ]);
    for (const type of ['rsa', 'ecdsa']) {
      const { body } = await acme.get(`${at}?key_type=${type}`);
      expect(body.rotated_keys, type).toHaveLength(1);
      expect(body.next_key, type).toBeDefined();
    }
    const { body } = await acme.get(plan);
    expect(Date.parse(body.scheduled_at as string)).toBeGreaterThan(Date.now());
    const { body: log } = await acme.get(`${SERVERS}/planned/audit-events?event_action=key_rotated`);
    expect(log.audit_events).toHaveLength(2);
  });

  it('waits for the next keys to be known, then catches up', async () => {
    const { body: before } = await acme.get(at);
    await server.db
      .knex('key_rotations')
      .where({ workspace_id: 'planned' })
      .update({ scheduled_at: new Date(0) });
    await tend();
    expect((await acme.get(at)).body.current_key.kid).toBe(before.current_key.kid);
    await later('planned', 2 * KEPT_SECONDS);
    await tend();
    expect((await acme.get(at)).body.current_key.kid).toBe(before.next_key.kid);
  });
});
