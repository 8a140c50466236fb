import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type BenchServer = {
  readonly issuer: string;
  readonly adminIssuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly managementSecret: string;
  readonly redirectUri: string;
  readonly forgottenPasswordUrl: string;
  readonly people: readonly string[];
  readonly password: string;
  stop(): Promise<void>;
};

const PEOPLE = 64;
const PASSWORD = 'a password to measure with';

/** Starts a server of its own with some people and a client whose refresh tokens rotate; `env` adds to its settings. */
export async function startBenchServer(env: Record<string, string> = {}): Promise<BenchServer> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-bench-'));
  // Started by root, PostgreSQL runs as somebody else and must get in.
  await chmod(directory, 0o755);
  const [port, demoPort] = [await freePort(), await freePort()];
  const publicUrl = `http://localhost:${port}`;
  const managementSecret = randomBytes(32).toString('base64url');
  const child = spawn(process.execPath, ['bin/weir.mjs', 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DEMO_PORT: String(demoPort),
      PUBLIC_URL: publicUrl,
      DATA_DIR: join(directory, 'data'),
      BOOTSTRAP_ADMIN_CLIENT_SECRET: managementSecret,
      SOURCE_ATTEMPT_LIMIT: '1000000',
      LOG_LEVEL: 'warn',
      ...env,
    },
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('ready after')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the server ended (${code}) before it was ready`)));
  });
  const redirectUri = `${publicUrl}/nobody/is/here`;
  const setting = { publicUrl, managementSecret, redirectUri };
  const { clientSecret, people } = await populate(setting);
  return {
    issuer: `${publicUrl}/default/demo`,
    adminIssuer: `${publicUrl}/default/admin`,
    clientId: 'bench',
    clientSecret,
    managementSecret,
    redirectUri,
    forgottenPasswordUrl: `${publicUrl}/default/identity/demo-users/reset-password?server_id=demo`,
    people,
    password: PASSWORD,
    async stop() {
      child.removeAllListeners('exit');
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function populate(setting: { publicUrl: string; managementSecret: string; redirectUri: string }) {
  const { publicUrl, managementSecret, redirectUri } = setting;
  const { access_token: token } = await json(`${publicUrl}/default/admin/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`management:${managementSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const send = (method: string, path: string, body: object) =>
    json(`${publicUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await send('PUT', '/api/admin/default/servers/demo', {
    name: 'Demo',
    rotate_confidential_refresh_tokens: true,
  });
  const client = await send('POST', '/api/admin/default/clients', {
    client_id: 'bench',
    authorization_server_id: 'demo',
    client_name: 'Bench',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    id_token_signed_response_alg: 'ES256',
    trusted: true,
  });
  const people = Array.from({ length: PEOPLE }, (_, index) => `person${index}@bench.example`);
  for (const identifier of people) {
    await send('POST', '/api/identity/default/admin/pools/demo-users/users', {
      status: 'active',
      payload: { name: identifier, given_name: 'Bench', family_name: 'Person' },
      identifiers: [{ identifier, type: 'email' }],
      verifiable_addresses: [{ address: identifier, type: 'email', verified: true, status: 'active' }],
      credentials: [{ type: 'password', password: PASSWORD }],
    });
  }
  return { clientSecret: client.client_secret as string, people };
}

async function json(url: string, init: RequestInit): Promise<Record<string, string | undefined>> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, string | undefined>;
}

/** A port nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
