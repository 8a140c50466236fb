import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { createAttempts } from '../../src/security/attempts.ts';
import { createSealer } from '../../src/security/seal.ts';
import { runJobs } from '../../src/jobs/index.ts';
import { type AccessScope, endAccess } from '../../src/sessions/end_access.ts';
import { addPerson, addWorkspace, mara, relyingParty } from '../support/demo.ts';
import { client, RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const tenantId = 'default';

describe('what is kept between requests', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  const one = async <Row>(sql: string, values: Record<string, string> = {}): Promise<Row> => {
    const { rows } = await server.db.knex.raw<{ rows: Row[] }>(sql, values);
    return rows[0] as Row;
  };

  describe('a refresh token of a public client', () => {
    const spa = () => relyingParty(server, { tokenEndpointAuthMethod: 'none' });

    test('used again within its leeway gets a successor: a second tab signs nobody out', async () => {
      const app = await spa();
      const { tokens } = await app.signIn(mara);
      const first = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
      const second = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
      expect(second.refresh_token).not.toBe(first.refresh_token);
      for (const { access_token: token } of [first, second]) {
        const userinfo = await fetch(`${server.issuer}/userinfo`, {
          headers: { authorization: `Bearer ${token}` },
        });
        expect(userinfo.status).toBe(200);
      }
    });

    test('used again afterwards ends everything of its grant', async () => {
      const app = await spa();
      const { tokens } = await app.signIn(mara);
      const next = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
      await server.db.knex.raw(`UPDATE tokens SET consumed_at = consumed_at - interval '11 seconds'`);
      await expect(client.refreshTokenGrant(app.config, tokens.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      await expect(client.refreshTokenGrant(app.config, next.refresh_token ?? '')).rejects.toMatchObject({
        error: 'invalid_grant',
      });
      const userinfo = await fetch(`${server.issuer}/userinfo`, {
        headers: { authorization: `Bearer ${next.access_token}` },
      });
      expect(userinfo.status).toBe(401);
    });

    test('never lives longer than the first of its family would have', async () => {
      const app = await spa();
      const { tokens } = await app.signIn(mara);
      const expiry = `SELECT max(expires_at)::text AS at FROM tokens WHERE model = 'RefreshToken' AND client_id = :id`;
      const before = await one<{ at: string }>(expiry, { id: app.options.clientId });
      await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
      const after = await one<{ at: string }>(expiry, { id: app.options.clientId });
      expect(Math.abs(Date.parse(after.at) - Date.parse(before.at))).toBeLessThan(5_000);
    });
  });

  describe('a session', () => {
    test('says whose it is, through which connection, from where', async () => {
      const app = await relyingParty(server);
      const browser = app.browser.clone({ headers: { 'user-agent': 'Example/1.0' } });
      const party = await RelyingParty.discover(app.options, browser);
      const { claims } = await party.signIn(mara);
      const row = await one<Record<string, unknown>>(
        `SELECT s.*, c.pool_id AS connected_pool FROM sessions s
           JOIN connections c USING (tenant_id, workspace_id, connection_id)
          WHERE user_agent = 'Example/1.0'`,
      );
      expect(row).toMatchObject({
        tenant_id: tenantId,
        workspace_id: 'demo',
        account_id: claims.sub,
        pool_id: 'demo-users',
        connected_pool: 'demo-users',
        ip: '127.0.0.1',
      });
    });

    test('that did not change is not written again', async () => {
      const app = await relyingParty(server);
      const { claims } = await app.signIn(mara);
      const version = () =>
        one<{ versions: string }>(
          `SELECT string_agg(xmin::text || ctid::text, ' ' ORDER BY created_at) AS versions
             FROM sessions WHERE account_id = :sub`,
          { sub: claims.sub as string },
        );
      const before = await version();
      expect((await app.begin({ prompt: 'none' })).page.stoppedAt?.searchParams.has('code')).toBe(true);
      expect(await version()).toEqual(before);
    });

    test('ends a day after the sign-in at the latest, however often it is used', async () => {
      const app = await relyingParty(server);
      await app.signIn(mara);
      await server.db.knex.raw(
        `UPDATE sessions SET payload = regexp_replace(payload, '"loginTs":[0-9]+', '"loginTs":' || (extract(epoch FROM now())::bigint - 86500))`,
      );
      const silent = await app.begin({ prompt: 'none' });
      expect(silent.page.stoppedAt?.searchParams.get('error')).toBe('login_required');
    });

    test('gets a new id at every sign-in; the old cookie opens nothing', async () => {
      const app = await relyingParty(server);
      await app.signIn(mara);
      const old = app.browser.cookies.copy();
      await app.signIn(mara, { prompt: 'login' });
      expect(app.browser.cookies.get('weir_session')?.value).not.toBe(old.get('weir_session')?.value);
      app.browser.cookies = old;
      const silent = await app.begin({ prompt: 'none' });
      expect(silent.page.stoppedAt?.searchParams.get('error')).toBe('login_required');
    });
  });

  test('housekeeping removes what has expired a while ago, and nothing else', async () => {
    const app = await relyingParty(server);
    const { tokens, claims } = await app.signIn(mara);
    const tables = ['sessions', 'grants', 'tokens', 'flow_state', 'replays'];
    const counts = async () => {
      const rows = await Promise.all(
        tables.map((table) => one<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)),
      );
      return rows.map(({ n }) => n);
    };
    const before = await counts();
    for (const [table, columns] of [
      ['sessions', `id_hash, uid, payload`],
      ['tokens', `id_hash, model, payload`],
      ['flow_state', `id_hash, model, payload`],
      ['grants', `grant_id, client_id, payload`],
    ]) {
      await server.db.knex.raw(
        `INSERT INTO ${table} (tenant_id, workspace_id, ${columns}, expires_at)
         SELECT 'default', 'demo', ('x' || n)::${table === 'grants' ? 'text' : 'bytea'}, 'old' || n, '{}', now() - interval '1 hour'
           FROM generate_series(1, 1500) n`,
      );
    }
    const sealer = createSealer(server.config.masterKeys);
    const attempts = createAttempts(sealer, { sourceLimit: 100 });
    const jobs = { db: server.db, attempts, purgePools: () => server.elsewhere.pools.purge() };
    // Two at once, as two processes would.
    const gone = await Promise.all([runJobs(jobs), runJobs(jobs)]);
    expect(gone[0] + gone[1]).toBeGreaterThanOrEqual(6_000);
    expect(await counts()).toEqual(before);
    await client.fetchUserInfo(app.config, tokens.access_token, claims.sub as string);
  });

  describe('endAccess', () => {
    const scenes: [string, (ids: Record<string, string>) => AccessScope, boolean][] = [
      ['a person', ({ userId }) => ({ tenantId, userId: userId as string }), true],
      ['a pool', ({ poolId }) => ({ tenantId, poolId: poolId as string }), true],
      ['a workspace', ({ workspaceId }) => ({ tenantId, workspaceId: workspaceId as string }), true],
      [
        'a pool in a workspace',
        ({ workspaceId, poolId }) => ({
          tenantId,
          workspaceId: workspaceId as string,
          poolId: poolId as string,
        }),
        true,
      ],
      [
        'a client',
        ({ workspaceId, clientId }) => ({
          tenantId,
          workspaceId: workspaceId as string,
          clientId: clientId as string,
        }),
        false,
      ],
    ];

    test.each(scenes)(
      'of %s ends every artefact of it, and nobody else’s',
      async (name, scopeOf, sessions) => {
        const id = name.replaceAll(/\W+/g, '-');
        const person = { identifier: `${id}@example.test`, password: 'a long enough password' };
        const made = await addWorkspace(server.elsewhere, id);
        const userId = await addPerson(server.elsewhere, made.poolId, person);
        const app = await relyingParty(server, { workspaceId: id });
        const bystander = await relyingParty(server);
        const other = await bystander.signIn(mara);

        await app.signIn(person);
        // A code that nobody redeems, and a sign-in that is not finished.
        await app.begin({ prompt: 'none' });
        await app.begin({ prompt: 'login' });
        const alive = async () => {
          const { rows } = await server.db.knex.raw<{ rows: { kind: string; n: number }[] }>(
            `SELECT 'session' AS kind, count(*)::int AS n FROM sessions WHERE account_id = :userId
           UNION ALL SELECT 'grant', count(*)::int FROM grants WHERE account_id = :userId AND revoked_at IS NULL
           UNION ALL SELECT 'token', count(*)::int FROM tokens WHERE account_id = :userId
           UNION ALL SELECT model, count(*)::int FROM flow_state WHERE account_id = :userId GROUP BY model`,
            { userId },
          );
          return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
        };
        expect(await alive()).toEqual({
          session: 1,
          grant: 1,
          token: 2,
          AuthorizationCode: 2,
          Interaction: 1,
        });

        const scope = scopeOf({ ...made, userId, clientId: app.options.clientId });
        await inTransaction(server.db, (tx) => endAccess(tx, scope, 'revoked_by_administrator'));
        expect(await alive()).toEqual({ session: sessions ? 0 : 1, grant: 0, token: 0 });
        await client.fetchUserInfo(bystander.config, other.tokens.access_token, other.claims.sub as string);
      },
    );
  });
});
