import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAttemptLimits } from '../../src/security/attempt_limits.ts';
import { PROTECTED_TYPES } from '../../src/security/attempts.ts';
import { type ApiClient, startApiServer, statuses, type ApiServer } from '../support/api_server.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { watchStatements } from '../support/statements.ts';

let server: ApiServer;
let api: ApiClient;
const LIMITS = '/api/admin/strict/bruteforce';
const SECRET = 'a client secret of the limit tests 01';
const CALLBACK = 'https://app.example.test/cb';
const PASSWORD = 'four brave geese fly south';

beforeAll(async () => {
  server = await startApiServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  await server.createTenant('strict');
  api = server.api('strict');
});
afterAll(() => server.stop());

describe('brute-force limits', () => {
  it('are listed for every protected type, with their defaults', async () => {
    const { status, body } = await api.get(LIMITS);
    expect(status).toBe(200);
    const limits = body.brute_force_limits as { protected_type: string }[];
    expect(limits.map(({ protected_type }) => protected_type)).toEqual([...PROTECTED_TYPES]);
    const usual = { tenant_id: 'strict', max_attempts: 5, block_duration: '5m0s' };
    const of = (type: string) => limits.find(({ protected_type }) => protected_type === type);
    expect(of('identity_authentication')).toMatchObject(usual);
    expect(of('client_authentication')).toMatchObject({ max_attempts: 10, block_duration: '1m0s' });
  });

  it('are set, guarded by their version, and put back', async () => {
    const limit = { protected_type: 'mfa', max_attempts: 3, block_duration: '15m' };
    const set = await api.put(LIMITS, limit);
    expect(set).toMatchObject({
      status: 201,
      body: { tenant_id: 'strict', protected_type: 'mfa', max_attempts: 3, block_duration: '15m0s' },
    });
    const changed = { ...limit, max_attempts: 4 };
    expect(await api.put(LIMITS, changed, { 'If-Match': set.etag })).toMatchObject({ status: 201 });
    expect(await api.put(LIMITS, limit, { 'If-Match': set.etag })).toMatchObject({ status: 412 });
    const reset = `${LIMITS}/mfa`;
    expect(await api.delete(reset, { 'If-Match': set.etag })).toMatchObject({ status: 412 });
    expect(await api.delete(reset)).toMatchObject({ status: 204 });
    expect(await api.delete(reset)).toMatchObject({ status: 204 });
    const { body } = await api.get(LIMITS);
    expect(body.brute_force_limits[0]).toMatchObject({ protected_type: 'mfa', max_attempts: 5 });
    expect(await api.delete(`${LIMITS}/everything`)).toMatchObject({ status: 404 });
    const events = await server.db
      .knex('audit_events')
      .where({ tenant_id: 'strict', event_subject: 'bruteforce' })
      .orderBy('occurred_at');
    expect(events.map((event) => event.payload.bruteforce_updated.max_attempts)).toEqual([3, 4, 5]);
  });

  it('changed fifty times from one version have one winner', async () => {
    const first = await api.put(LIMITS, {
      protected_type: 'identity_registration',
      max_attempts: 100,
      block_duration: '1s',
    });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        api.put(
          LIMITS,
          { protected_type: 'identity_registration', max_attempts: n + 1, block_duration: '1m' },
          { 'If-Match': first.etag },
        ),
      ),
    );
    expect(statuses(answers)).toEqual([201, ...Array.from({ length: 49 }, () => 412)]);
  });

  it.each([
    ['/protected_type', { protected_type: 'everything' }],
    ['/max_attempts', { max_attempts: -1 }],
    ['/max_attempts', { max_attempts: 1_001 }],
    ['/max_attempts', { max_attempts: 2.5 }],
    ['/block_duration', { block_duration: 'soon' }],
    ['/block_duration', { block_duration: '0s' }],
    ['/block_duration', { block_duration: '25h' }],
    ['/odd', { odd: 1 }],
  ])('are refused at %s: %j', async (pointer, wrong) => {
    const limit = { protected_type: 'mfa', max_attempts: 3, block_duration: '1m', ...wrong };
    expect(await api.put(LIMITS, limit)).toMatchObject({ status: 422, body: { details: [{ pointer }] } });
  });

  it('hold in another process within two seconds, and cost it one read', async () => {
    const elsewhere = createAttemptLimits({ db: server.db });
    const limit = () => elsewhere.limitFor('strict', 'device_handling');
    const log = watchStatements({ everything: true });
    const { statements } = await log.during(async () => {
      for (let n = 0; n < 10; n += 1) expect(await limit()).toEqual({ maxAttempts: 5, blockSeconds: 300 });
    });
    log.stop();
    expect(statements).toEqual(['attempt-limits']);
    await api.put(LIMITS, { protected_type: 'device_handling', max_attempts: 9, block_duration: '9s' });
    await expect.poll(limit, { timeout: 2_000, interval: 50 }).toEqual({ maxAttempts: 9, blockSeconds: 9 });
  });

  it('are read by auditors and changed by administrators', async () => {
    const scope = { tenantId: 'strict', workspaceId: 'admin' };
    const made = await server.domain.clients.create(
      scope,
      { grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    await server.domain.roles.grant(
      { tenantId: 'strict' },
      { resourceType: 'tenant', resourceId: '', role: 'auditor', subjectType: 'client', subjectId: made.id },
      SYSTEM_ACTOR,
    );
    const auditor = server.api('strict', { clientId: made.id, clientSecret: made.clientSecret ?? '' });
    expect(await auditor.get(LIMITS)).toMatchObject({ status: 200 });
    const limit = { protected_type: 'mfa', max_attempts: 0, block_duration: '0s' };
    expect(await auditor.put(LIMITS, limit)).toMatchObject({ status: 403 });
    expect(await auditor.delete(`${LIMITS}/mfa`)).toMatchObject({ status: 403 });
  });

  it('hold at the sign-in at once: two tries, then more, then no limit', async () => {
    await api.post('/api/admin/strict/servers', { id: 'shop' });
    await api.post('/api/identity/strict/admin/pools', { id: 'buyers', name: 'Buyers' });
    await api.post('/api/admin/strict/servers/shop/idps/identity_pool', { identity_pool_id: 'buyers' });
    const scope = { tenantId: 'strict', workspaceId: 'shop' };
    await server.domain.clients.create(
      scope,
      { id: 'till', clientSecret: SECRET, trusted: true, redirectUris: [CALLBACK] },
      SYSTEM_ACTOR,
    );
    const limited = (max_attempts: number) =>
      api.put(LIMITS, { protected_type: 'identity_authentication', max_attempts, block_duration: '10m' });
    const someone = async (name: string) => {
      await api.post('/api/identity/strict/admin/pools/buyers/users', {
        status: 'active',
        payload: person(name),
        identifiers: [{ type: 'email', identifier: `${name}@e.test` }],
        credentials: [{ type: 'password', password: PASSWORD }],
      });
      return `${name}@e.test`;
    };
    /** Whether the right password still opens after so many wrong ones. */
    const opensAfter = async (identifier: string, wrong: number) => {
      const app = await RelyingParty.discover({
        issuer: `${server.url}/strict/shop`,
        clientId: 'till',
        clientSecret: SECRET,
        redirectUri: CALLBACK,
      });
      for (let n = 0; n < wrong; n += 1) {
        await expect(app.signIn({ identifier, password: `wrong ${n}` })).rejects.toThrow();
      }
      return app.signIn({ identifier, password: PASSWORD }).then(
        () => true,
        () => false,
      );
    };
    await limited(2);
    expect(await opensAfter(await someone('abe'), 1)).toBe(true);
    expect(await opensAfter(await someone('bea'), 2)).toBe(false);
    await limited(4);
    expect(await opensAfter(await someone('cleo'), 3)).toBe(true);
    await limited(0);
    expect(await opensAfter(await someone('dov'), 7)).toBe(true);
  });
});
