import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Auth, type AuthConfig } from '@auth/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Browser } from '../support/browser_without_javascript.ts';
import { mara } from '../support/demo.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { registerClient, serveApplication, type ServedApplication } from '../support/stock_client.ts';

let server: TestServer;
let application: ServedApplication;
let config: AuthConfig;

beforeAll(async () => {
  server = await startTestServer();
  application = await serveApplication((req, res) => void answer(req, res));
  const registration = await registerClient(server, {
    redirectUris: [`${application.origin}/auth/callback/weir`],
  });
  config = {
    basePath: '/auth',
    trustHost: true,
    secret: 'seals the cookies of the application',
    providers: [{ id: 'weir', name: 'Weir', type: 'oidc', ...registration }],
  };
});
afterAll(async () => {
  await application.close();
  await server.stop();
});

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await buffer(req);
  const request = new Request(new URL(req.url ?? '/', application.origin), {
    method: req.method ?? 'GET',
    headers: Object.entries(req.headers).map(([name, value]): [string, string] => [name, String(value)]),
    ...(body.length > 0 && { body }),
  });
  const response = new URL(request.url).pathname.startsWith('/auth/')
    ? await Auth(request, config)
    : new Response('The application');
  res.writeHead(response.status, [...response.headers].flat());
  res.end(await response.text());
}

test('@auth/core signs in with name and e-mail', async () => {
  const browser = new Browser();
  await browser.open(`${application.origin}/auth/signin`);
  await browser.submit();
  const page = await browser.submit('#login-form', mara);
  expect(page.body).toBe('The application');
  const session = await browser.open(`${application.origin}/auth/session`);
  expect(JSON.parse(session.body)).toMatchObject({
    user: { name: 'Mara Linde', email: 'mara@example.test' },
  });
});
