import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientSecretName } from '../../src/clients/client_secret.ts';
import * as checks from '../../src/cli/doctor_checks.ts';
import { resealAll } from '../../src/installation/reseal.ts';
import { PASSING_COLUMNS, SEALED_COLUMNS } from '../../src/installation/sealed_columns.ts';
import { sealedTexts } from '../../src/installation/sealed_texts_store.ts';
import { enqueueMessage } from '../../src/messages/enqueue.ts';
import { createSealer, type Sealer } from '../../src/security/seal.ts';
import { KEPT_HASH_PURPOSES, loadSealer } from '../../src/security/wrapped_keys.ts';
import { interactionName } from '../../src/sessions/handshake.ts';
import { testConfig } from '../support/config.ts';
import { runNode } from '../support/child_process.ts';
import { addPerson, mara, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const tenantId = 'default';
const scope = { tenantId, workspaceId: 'demo' };
const SECRETS = 3_000;

let server: TestServer;
let older: { kid: string; key: string };
const newer = { kid: 'newer', key: randomBytes(32).toString('base64') };

beforeAll(async () => {
  server = await startTestServer();
  const [first] = server.config.masterKeys;
  if (first === undefined) throw new Error('the tests have a master key');
  older = first;
});
afterAll(() => server.stop());

const nameOf = ({ table, column }: { table: string; column: string }) => `${table}.${column}`;
const registered = SEALED_COLUMNS.map(nameOf);

/** Columns in which the database holds sealed texts, whoever knows of them. */
async function columnsThatHoldAny(): Promise<string[]> {
  const { rows: columns } = await server.db.knex.raw<{ rows: { table: string; column: string }[] }>(
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type IN ('text', 'json', 'jsonb', 'ARRAY') ORDER BY 1, 2`,
  );
  const holding: string[] = [];
  for (const { table, column } of columns) {
    const { rows } = await server.db.knex.raw<{ rows: unknown[] }>(
      'SELECT FROM ?? WHERE ??::text ~ ? LIMIT 1',
      [table, column, sealedTexts().source],
    );
    if (rows.length > 0) holding.push(nameOf({ table, column }));
  }
  return holding;
}

/** By a client's secret that was hashed under the key of the tests. */
async function managementToken(publicUrl: string): Promise<string> {
  const { id, secret } = server.credentials?.managementClient ?? { id: '', secret: '' };
  const answer = await fetch(`${publicUrl}/default/admin/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Leaves one of everything that is sealed for longer than a moment. */
async function fill(): Promise<void> {
  const { elsewhere, db, publicUrl } = server;
  const app = await relyingParty(server);
  await app.signIn(mara);
  // A page that asks whether to sign out, and is left open.
  await app.browser.open(`${server.issuer}/oidc/logout`);
  const settings = {
    tokenEndpointAuthMethod: 'client_secret_jwt',
    grantTypes: ['client_credentials'],
  } as const;
  const { id: jwtClient } = await elsewhere.clients.create(scope, settings, SYSTEM_ACTOR);
  const userId = await addPerson(elsewhere, 'demo-users', {
    identifier: 'otp@example.test',
    password: mara.password,
  });
  const user = { tenantId, poolId: 'demo-users', userId };
  const gateway = { provider: 'webhook', url: 'https://sms.example.com/' } as const;
  const texts = { channel: 'sms', enabled: false, settings: gateway, secret: 'k'.repeat(32) } as const;
  await elsewhere.transports.create({ tenantId }, texts, SYSTEM_ACTOR);
  await elsewhere.totp.set(user, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', { by: SYSTEM_ACTOR });
  const sealer = createSealer(server.config.masterKeys);
  await db.knex.transaction((tx) =>
    enqueueMessage(tx, sealer, user, {
      template: 'new_second_factor',
      channel: 'email',
      to: 'otp@example.test',
      values: {},
    }),
  );
  await db.knex('page_handshakes').insert({
    tenant_id: tenantId,
    workspace_id: 'demo',
    kind: 'login',
    request: '{}',
    expires_at: db.knex.raw(`now() + interval '1 hour'`),
    interaction_sealed: sealer.seal('an interaction', interactionName(tenantId, 'demo')),
    ...Object.fromEntries(
      ['id_hash', 'state_hash', 'interaction_hash'].map((name) => [name, randomBytes(32)]),
    ),
  });
  const token = await managementToken(publicUrl);
  await fetch(`${publicUrl}/api/admin/default/servers`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-idempotency-key': 'k'.repeat(40),
    },
    body: JSON.stringify({ id: 'repeated' }),
  });
  // More than a moment's work.
  const place = clientSecretName({ tenantId, clientId: jwtClient });
  const rows = Array.from({ length: SECRETS }, (_, rotation) => ({
    tenant_id: tenantId,
    client_id: jwtClient,
    rotation,
    secret_sealed: sealer.seal(`secret ${rotation}`, place),
  }));
  await db.knex.batchInsert('rotated_client_secrets', rows, 1_000);
}

const inEnvironment = (keys: readonly { kid: string; key: string }[]): string =>
  keys.map(({ kid, key }) => `${kid}:${key}`).join(',');

/** The command line, with these master keys. */
const weir = (args: readonly string[], keys: readonly { kid: string; key: string }[]) =>
  runNode(join(ROOT, 'bin', 'weir.mjs'), args, {
    DATABASE_URL: server.url,
    PUBLIC_URL: server.publicUrl,
    MASTER_KEY: inEnvironment(keys),
    COOKIE_KEYS: 'c'.repeat(32),
  });
/** What `weir doctor` finds with these master keys. */
const doctor = (keys: readonly { kid: string; key: string }[]) =>
  checks.keys(testConfig({ MASTER_KEY: inEnvironment(keys) }), server.db);

const sealedUnder = async (kid: string): Promise<number> => {
  const { rows } = await server.db.knex.raw<{ rows: { count: number }[] }>(
    `SELECT count(*)::int FROM rotated_client_secrets WHERE secret_sealed LIKE ?`,
    [`v1.${kid}.%`],
  );
  return rows[0]?.count ?? 0;
};

/** Every sealed text of every column opens for the place it is in. */
async function expectReadable(sealer: Sealer): Promise<void> {
  for (const { table, column, key, beside, placeOf } of SEALED_COLUMNS) {
    const rows: Record<string, string>[] = await server.db
      .knex(table)
      .select(...key, ...beside, { text: column })
      .whereNotNull(column);
    for (const row of rows) {
      for (const text of row.text?.match(sealedTexts()) ?? []) sealer.open(text, placeOf(row));
    }
  }
}

describe('what is sealed', () => {
  // It is sealed anew only if the list knows where it is and what for.
  it('is in a column that is registered, by its name, its content and the code that seals it', async () => {
    await fill();
    const { rows: named } = await server.db.knex.raw<{ rows: { table: string; column: string }[] }>(
      `SELECT table_name AS table, column_name AS column FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name LIKE '%sealed%'`,
    );
    expect(registered).toEqual(expect.arrayContaining(named.map(nameOf)));
    const passing = PASSING_COLUMNS.map(nameOf);
    const holding = (await columnsThatHoldAny()).filter((name) => !passing.includes(name));
    // Nobody has wrapped a key yet.
    expect(holding).toEqual(registered.filter((name) => !name.startsWith('wrapped_hash_keys')).sort());

    const travels = ['src/flows/'];
    const sealing = globSync('src/**/*.ts', { cwd: ROOT })
      .filter((file) => /\.seal\(/.test(readFileSync(join(ROOT, file), 'utf8')))
      .filter((file) => !travels.some((folder) => file.startsWith(folder)));
    expect(sealing.sort(), 'seals into a column: add it to SEALED_COLUMNS, then the file here').toEqual([
      'src/api/idempotency.ts',
      'src/clients/client_secret.ts',
      'src/installation/reseal.ts',
      'src/messages/enqueue.ts',
      'src/messages/transports/transport_service.ts',
      'src/sessions/handshake_service.ts',
      'src/sessions/hidden_values.ts',
      'src/users/factors/totp_secret.ts',
      'src/workspaces/key_changes.ts',
      'src/workspaces/key_service.ts',
    ]);
  });

  it('and what is hashed for long is known to be', () => {
    // Forms, cookies of minutes and counters: the next request makes them anew.
    const fleeting = [
      'attempts',
      'client_secret_guesses',
      'csrf',
      'device_owner',
      'matched_connection',
      'send_budget',
      'transport_test',
    ];
    const purposes = globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(/PURPOSE = '(\w+)'/g)].map(([, name]) => name),
    );
    expect(purposes.sort(), 'add it to KEPT_HASH_PURPOSES, or here').toEqual(
      [...KEPT_HASH_PURPOSES, ...fleeting].sort(),
    );
  });

  it('is sealed anew by a command that may be killed anywhere, beside a server; then the old key can go', async () => {
    const userId = await server.db.knex('credentials').where({ type: 'totp' }).first('user_id');
    const user = { tenantId, poolId: 'demo-users', userId: (userId as { user_id: string }).user_id };
    const [recovery = ''] = await server.elsewhere.recoveryCodes.issue(user, SYSTEM_ACTOR);
    const before = await doctor([newer, older]);
    expect(before).toMatchObject({ status: 'warn' });
    expect(before.text).toContain(`${SECRETS} of rotated_client_secrets.secret_sealed need test`);
    expect(before.text).toContain('of recovery_codes.code_hash need test');

    const killed = weir(['keys', 'reseal'], [newer, older]);
    await killed.line(/^rotated_client_secrets\.secret_sealed: \d+/);
    killed.kill('SIGKILL');
    expect(await killed.ended).toBe('SIGKILL');
    expect(await sealedUnder(newer.kid)).toBeGreaterThan(0);
    expect(await sealedUnder(older.kid)).toBeGreaterThan(0);
    const both = await loadSealer(server.db.knex, [newer, older]);
    await expectReadable(both);

    const again = weir(['keys', 'reseal'], [newer, older]);
    expect({ code: await again.ended, errors: again.errors() }).toEqual({ code: 0, errors: '' });
    expect(await sealedUnder(older.kid)).toBe(0);
    await expectReadable(await loadSealer(server.db.knex, [newer]));
    // What was moved here from another place is told of, and left as it is.
    const moved = createSealer([older]).seal('moved', 'page_handshake:elsewhere/demo');
    const elsewhere = { interaction_sealed: moved };
    await server.db.knex('page_handshakes').update(elsewhere);
    const deps = { db: server.db, sealer: both, masterKeys: [newer, older] };
    expect((await resealAll(deps)).filter(({ unreadable }) => unreadable > 0)).toEqual([
      { table: 'page_handshakes', column: 'interaction_sealed', resealed: 0, unreadable: 1 },
    ]);
    expect(await server.db.knex('page_handshakes').first('interaction_sealed')).toEqual(elsewhere);
    await server.db.knex('page_handshakes').del();
    expect((await resealAll(deps)).filter(({ resealed }) => resealed > 0)).toEqual([]);
    await server.db.knex('flow_state').del();
    expect(await doctor([newer, older])).toMatchObject({
      status: 'ok',
      text: '2 from MASTER_KEY; nothing needs test any more',
    });
    const lost = await doctor([older]);
    expect(lost).toMatchObject({ status: 'FAIL' });
    expect(lost.text).toContain('of signing_keys.private_jwk_sealed need newer');

    // The next start, without the old key.
    const { url, db } = server;
    const next = await startTestServer(
      { MASTER_KEY: `${newer.kid}:${newer.key}` },
      { url, db, close: () => Promise.resolve() },
    );
    const app = await relyingParty(next);
    expect((await app.signIn(mara)).claims.sub).toBeTruthy();
    // Hashed under the old key, and right all the same.
    expect(await managementToken(next.publicUrl)).toBeTruthy();
    expect(await next.elsewhere.recoveryCodes.use(user, recovery, SYSTEM_ACTOR)).toBe(true);
    await next.server.close();
    next.http.close();
  });
});
