import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiRoutes } from '../../src/api/index.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  server = await startTestServer();
  browser = new Browser();
});
afterAll(() => server.stop());

it('lists every operation, and has a page for each', async () => {
  await browser.open(`${server.publicUrl}/api/docs`);
  const list = browser.page.body;
  const addresses = [...list.matchAll(/href="(\/api\/docs\/\w+)"/g)].map(([, address = '']) => address);
  expect(addresses).toHaveLength(apiRoutes.length);
  for (const { operationId, path, summary } of apiRoutes) {
    const response = await fetch(`${server.publicUrl}/api/docs/${operationId}`);
    const page = await response.text();
    expect(response.status, operationId).toBe(200);
    expect(page).toContain(path);
    expect(page).toContain(summary.replaceAll("'", '&#39;'));
  }
});

it('shows the fields of a body, those inside others too, and who may call', async () => {
  await browser.open(`${server.publicUrl}/api/docs/CreateUser`);
  const page = browser.page.body;
  for (const field of ['status', 'identifiers', 'preferred_contact_method', 'must_be_changed']) {
    expect(page).toContain(`<code>${field}</code>`);
  }
  expect(page).toContain('manage_identity_pool_users');
  expect(page).toContain('X-Idempotency-Key');
});

it('runs no script and fetches nothing from elsewhere', async () => {
  const response = await fetch(`${server.publicUrl}/api/docs/CreateUser`);
  const page = await response.text();
  expect(page).not.toMatch(/<script|https?:\/\//);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
});

it('knows no other operation', async () => {
  expect((await fetch(`${server.publicUrl}/api/docs/Nonsense`)).status).toBe(404);
});
