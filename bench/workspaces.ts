import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openDatabase } from '../src/db/connection.ts';
import { freePort } from './server.ts';

const { values } = parseArgs({ options: { workspaces: { type: 'string', default: '10000' } } });
const workspaces = Number(values.workspaces);
const url = process.env.DATABASE_URL;
if (url === undefined) throw new Error('DATABASE_URL: name an empty database; the bench fills it');

/** Asked once for each measurement of cold ones: nobody has asked for them before. */
const COLD = 150;
const ASKED = 1 + 2 * COLD;
const CLIENTS_EACH = 10;

const port = await freePort();
const origin = `http://localhost:${port}`;
const secret = randomBytes(32).toString('base64url');
const child = spawn(process.execPath, ['bin/weir.mjs', 'serve'], {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: {
    PATH: process.env.PATH,
    PORT: String(port),
    DEMO_PORT: String(await freePort()),
    PUBLIC_URL: origin,
    DATABASE_URL: url,
    MASTER_KEY: `bench:${randomBytes(32).toString('base64')}`,
    COOKIE_KEYS: randomBytes(32).toString('base64'),
    BOOTSTRAP_ADMIN_CLIENT_SECRET: secret,
    API_RATE_LIMIT: '1000000',
    LOG_LEVEL: 'warn',
  },
});
const db = openDatabase({ url });
try {
  while (!(await fetch(`${origin}/readyz`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error('the server did not start');
    await sleep(200);
  }
  const basic = Buffer.from(`management:${secret}`).toString('base64');
  const answer = await fetch(`${origin}/default/admin/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const api = async (path: string, body?: object) => {
    const response = await fetch(`${origin}/api/admin/default${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.arrayBuffer();
  };
  for (let n = 0; n < ASKED; n += 1) {
    await api('/servers', { id: `asked-${n}`, name: `Asked ${n}` });
    await api('/clients', {
      authorization_server_id: `asked-${n}`,
      client_id: `app-${n}`,
      redirect_uris: ['https://app.example.test/cb'],
    });
  }
  // Its next keys are made now and copied too: else the server would make some for every copy, while it is measured.
  for (const type of ['rsa', 'ecdsa'])
    await api(`/servers/asked-0/keys/rotate?key_type=${type}`, {}).catch(() => undefined);

  /** The first page's address, for one of the workspaces: everything that a sign-in needs of it. */
  const begin = async (n: number) => {
    const query = new URLSearchParams({
      client_id: `app-${n}`,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: 'https://app.example.test/cb',
      code_challenge: 'a'.repeat(43),
      code_challenge_method: 'S256',
    });
    const address = `${origin}/default/asked-${n}/oauth2/authorize?${query.toString()}`;
    const response = await fetch(address, { redirect: 'manual' });
    if (response.status !== 303) throw new Error(`${address}: ${response.status}`);
    await response.arrayBuffer();
  };

  async function measure(what: string, operation: (round: number) => Promise<unknown>): Promise<void> {
    const durations: number[] = [];
    for (let round = 0; round < COLD; round += 1) {
      const begun = performance.now();
      await operation(round);
      durations.push(performance.now() - begun);
    }
    durations.sort((a, b) => a - b);
    const [p50 = 0, p95 = 0] = [0.5, 0.95].map((share) => durations[Math.floor(COLD * share)]);
    console.log(
      `${what.padEnd(44)} p50 ${p50.toFixed(1).padStart(6)} ms   p95 ${p95.toFixed(1).padStart(6)} ms`,
    );
  }
  const all = async (firstCold: number) => {
    await begin(0);
    await measure('a sign-in begins, warm workspace', () => begin(0));
    await measure('a sign-in begins, cold workspace', (round) => begin(firstCold + round));
    await measure('list of workspaces, 20 of them', () => api('/servers?limit=20'));
    await measure('list of the clients of one, 20 of them', () => api('/servers/asked-1/clients?limit=20'));
  };

  console.log(`${ASKED} workspaces`);
  await all(1);
  await multiply(workspaces - ASKED);
  console.log(`${workspaces} workspaces with ${CLIENTS_EACH} clients each`);
  await all(1 + COLD);
} finally {
  child.kill('SIGTERM');
  await db.close();
}

/** Copies a workspace with its keys and client. The copies are there to be in the way: their keys cannot be opened. */
async function multiply(times: number): Promise<void> {
  const copy = (table: string, changes: string, series: string) =>
    db.knex.raw(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(t, ${changes})).*
         FROM ${table} t, ${series} WHERE t.workspace_id = 'asked-0'`,
    );
  const each = `generate_series(1, ${times}) AS n`;
  const id = `'copy-' || n`;
  await copy('workspaces', `jsonb_build_object('workspace_id', ${id}, 'name', ${id})`, each);
  await copy('signing_keys', `jsonb_build_object('workspace_id', ${id}, 'kid', t.kid || n)`, each);
  await copy(
    'clients',
    `jsonb_build_object('workspace_id', ${id}, 'client_id', 'copy-' || n || '-' || c)`,
    `${each}, generate_series(1, ${CLIENTS_EACH}) AS c`,
  );
  await db.knex.raw('ANALYZE');
}
