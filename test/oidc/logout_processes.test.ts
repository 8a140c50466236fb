import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callback, secret, SYSTEM_ACTOR } from '../support/demo.ts';
import { type Child, runNode } from '../support/child_process.ts';
import { freePort, startTestServer, type TestServer } from '../support/server.ts';

const APPLICATIONS = Array.from({ length: 6 }, (_, index) => `app${index}`);
const EACH = 4;

let server: TestServer;
/** Another process beside the one of this test. */
let other: Child;
let receiver: Server;
/** Attempts that nobody has answered. */
const held: ServerResponse[] = [];
const acknowledged = new Set<string>();
let isHolding = true;

beforeAll(async () => {
  const outbound = { OUTBOUND_ALLOW_HOSTS: 'localhost' };
  server = await startTestServer(outbound);
  other = runNode('bin/weir.mjs', ['serve'], {
    NODE_ENV: 'test',
    DATABASE_URL: server.url,
    PUBLIC_URL: server.publicUrl,
    PORT: String(await freePort()),
    DEMO_PORT: String(await freePort()),
    MASTER_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    COOKIE_KEYS: 'a cookie key for tests that is long enough',
    ...outbound,
  });
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      if (isHolding) return void held.push(response);
      const { sid } = decodeJwt(new URLSearchParams(body).get('logout_token') ?? '');
      acknowledged.add(sid as string);
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  await other.line(/ready after/);
}, 60_000);
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  other.kill('SIGKILL');
  await server.stop();
});

it('what a process had taken that was killed is told by another, and nothing is lost', async () => {
  const scope = { tenantId: 'default', workspaceId: 'demo' };
  const { port } = receiver.address() as AddressInfo;
  for (const id of APPLICATIONS) {
    const settings = {
      backchannel_logout_uri: `http://localhost:${port}/${id}`,
      backchannel_logout_session_required: true,
    };
    const app = { id, clientSecret: secret, redirectUris: [callback], settings };
    await server.elsewhere.clients.create(scope, app, SYSTEM_ACTOR);
  }
  const { knex } = server.db;
  const sids = APPLICATIONS.flatMap((id) => Array.from({ length: EACH }, (_, index) => `${id}-${index}`));
  const rows = sids.map((sid) => ({
    tenant_id: 'default',
    workspace_id: 'demo',
    client_id: sid.split('-')[0],
    account_id: 'somebody',
    sid,
  }));
  await knex('logout_notices').insert(rows);
  // Both processes hold as many as they may: of each application two.
  await expect.poll(() => held.length, { timeout: 10_000 }).toBeGreaterThan(2 * APPLICATIONS.length);
  other.kill('SIGKILL');
  await other.ended;
  expect(await knex('logout_notices')).toHaveLength(sids.length);

  // The lease of what it had taken runs out.
  isHolding = false;
  for (const response of held) response.destroy();
  await expect
    .poll(
      async () => {
        await knex('logout_notices').update({ next_attempt_at: new Date(0) });
        return (await knex('logout_notices')).length;
      },
      { timeout: 15_000, interval: 500 },
    )
    .toBe(0);
  expect([...acknowledged].sort()).toEqual(sids.sort());
});
