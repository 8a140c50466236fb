import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { callback, mara, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { freePort, startTestServer } from '../support/server.ts';
import { createTemporaryDirectory } from '../support/temporary_directory.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../docs/how_to/build_your_own_login_page.md');

test('the page of the document signs people in', async () => {
  const [server, directory, port] = await Promise.all([
    startTestServer(),
    createTemporaryDirectory(),
    freePort(),
  ]);
  onTestFinished(async () => {
    await Promise.all([server.stop(), directory.remove()]);
  });
  const page = join(directory.path, 'page.mjs');
  const [, code = ''] = /^```js\n(.*?)^```$/ms.exec(readFileSync(DOCUMENT, 'utf8')) ?? [];
  writeFileSync(page, code);

  const demo = { tenantId: 'default', workspaceId: 'demo' };
  const [connection] = await server.elsewhere.connections.listByWorkspace(demo);
  const backend = await server.elsewhere.clients.create(
    { tenantId: 'default', workspaceId: 'system' },
    { grantTypes: ['client_credentials'], scopes: ['identity', 'manage_logins'] },
    SYSTEM_ACTOR,
  );
  const { name } = await server.elsewhere.workspaces.get(demo);
  const customLoginUrl = `http://localhost:${port}/login`;
  await server.elsewhere.workspaces.update(demo, { name, customLoginUrl }, SYSTEM_ACTOR);

  const child = spawn(process.execPath, [page], {
    env: {
      WEIR: server.publicUrl,
      POOL: connection?.poolId,
      CLIENT_ID: backend.id,
      CLIENT_SECRET: backend.clientSecret,
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  await new Promise((done) => child.stdout.once('data', done));

  const { options } = await relyingParty(server);
  const browser = new Browser({ stopAt: (url) => url.href.startsWith(callback) });
  const app = await RelyingParty.discover(options, browser);
  const flow = await app.begin();
  expect(flow.page.body).toContain('Sign in to Harbour Books');
  const wrong = await browser.submit('#own-form', { ...mara, password: 'another one' });
  expect(wrong.body).toContain('That did not work.');
  const { claims } = await app.finish(flow, await browser.submit('#own-form', mara));
  expect(claims.amr).toEqual(['pwd']);
});
