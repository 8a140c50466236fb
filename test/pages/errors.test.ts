import Koa from 'koa';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { DatabaseUnavailable } from '../../src/db/errors.ts';
import {
  badRequest,
  conflict,
  errors,
  notFound,
  tooManyRequests,
  unavailable,
} from '../../src/http/errors.ts';
import { requestId } from '../../src/http/request_id.ts';
import { Browser } from '../support/browser_without_javascript.ts';

const logged: { fields: object; message: string }[] = [];
const secret = 'password=hunter2 at /srv/weir/src/users.ts:12';

const causes: Record<string, () => unknown> = {
  '/api/bad': () => badRequest('"name" is required', { code: 'name_missing', details: [{ path: 'name' }] }),
  '/api/conflict': () => conflict('A pool of that name exists'),
  '/api/missing': () => notFound(),
  '/api/bug': () => new TypeError(secret),
  '/api/thrown_text': () => secret,
  '/api/limit': () => tooManyRequests(7.2),
  '/api/database': () => new DatabaseUnavailable(new Error(secret)),
  '/page/bad': () =>
    badRequest('x', { code: 'redirect_uri_unknown', pageMessage: 'error.redirect_uri_unknown' }),
  '/page/bug': () => new TypeError(secret),
  '/page/limit': () => tooManyRequests(240),
  '/page/busy': () => unavailable(8),
  '/page/hidden': () => Object.assign(new Error(secret), { status: 409, expose: false }),
};

let server: Server;
let browser: Browser;
const json = { headers: { accept: 'application/json' } };

beforeAll(() => {
  const koa = new Koa();
  koa.use(requestId());
  koa.use(errors({ logger: { error: (fields, message) => logged.push({ fields, message }) } }));
  koa.use((ctx) => {
    const cause = causes[ctx.path];
    if (ctx.path === '/api/method') ctx.status = 405;
    if (ctx.path === '/page/half') {
      ctx.set('ETag', '"half"');
      ctx.redirect('https://elsewhere.example/');
      throw new TypeError(secret);
    }
    if (ctx.path === '/page/own') {
      ctx.status = 404;
      ctx.body = 'mine';
    }
    if (cause) throw cause();
  });
  server = koa.listen(0);
});
afterAll(() => server.close());
beforeEach(() => {
  logged.length = 0;
  browser = new Browser({ origin: `http://localhost:${(server.address() as AddressInfo).port}` });
});

async function answer(path: string, headers: Record<string, string> = json.headers) {
  const page = await browser.open(path, { headers });
  return {
    status: page.status,
    body: JSON.parse(page.body) as Record<string, unknown>,
    headers: page.headers,
  };
}

test('an error of the API is JSON of one shape', async () => {
  const { status, body, headers } = await answer('/api/bad');
  expect(status).toBe(400);
  expect(body).toEqual({
    status_code: 400,
    error: '"name" is required',
    error_code: 'name_missing',
    details: [{ path: 'name' }],
    correlation_id: headers['x-correlation-id'],
  });
  expect(headers['cache-control']).toBe('no-store');
  expect((await answer('/api/conflict')).body).not.toHaveProperty('error_code');
});

test('below /api/ even a browser gets JSON', async () => {
  expect((await answer('/api/missing', {})).body).toMatchObject({ status_code: 404 });
  expect((await answer('/api/method', {})).body).toMatchObject({ status_code: 405 });
  expect((await answer('/nowhere', { accept: '*/*' })).body).toMatchObject({ status_code: 404 });
});

test.each(['/api/bug', '/api/thrown_text', '/page/bug'])(
  '%s: a fault is logged and not told',
  async (path) => {
    const page = await browser.open(path, { headers: { 'x-request-id': 'trace-1' } });
    expect(page.status).toBe(500);
    expect(page.body).not.toMatch(/hunter2|users\.ts|TypeError/);
    expect(page.body).toContain('trace-1');
    expect(logged).toHaveLength(1);
    expect(logged[0]?.fields).toMatchObject({ correlation_id: 'trace-1', path, status: 500 });
  },
);

test('an error that is meant for the caller is not logged as a fault', async () => {
  await answer('/api/bad');
  await answer('/api/limit');
  await answer('/page/busy');
  expect(logged).toEqual([]);
});

test('limits and outages say when to come back', async () => {
  expect((await answer('/api/limit')).headers['retry-after']).toBe('8');
  const database = await answer('/api/database');
  expect([database.status, database.headers['retry-after']]).toEqual([503, '5']);
  expect(JSON.stringify(database.body)).not.toContain('hunter2');
  expect(logged).toHaveLength(1);
});

test('people get pages', async () => {
  const bad = await browser.open('/page/bad');
  expect(bad.status).toBe(400);
  expect(bad.document.textOf('#error-code')).toBe('redirect_uri_unknown');
  expect(bad.document.textOf('#error-page')).toContain('an address that is not registered');
  expect(bad.document.title).toBe('Error: This did not work');

  const limit = await browser.open('/page/limit');
  expect([limit.status, limit.headers['retry-after']]).toEqual([429, '240']);
  expect(limit.document.text).toContain('You can try again in 4 minutes.');

  const busy = await browser.open('/page/busy');
  expect([busy.status, busy.headers['retry-after']]).toEqual([503, '8']);

  const missing = await browser.open('/nowhere');
  expect([missing.status, missing.document.textOf('h1')]).toEqual([404, 'There is nothing here']);

  const hidden = await browser.open('/page/hidden');
  expect([hidden.status, hidden.body.includes('hunter2')]).toEqual([409, false]);
});

test('what a handler had begun is not sent, what it finished is', async () => {
  const half = await browser.open('/page/half');
  expect(half.status).toBe(500);
  expect(half.headers).not.toHaveProperty('location');
  expect(half.headers).not.toHaveProperty('etag');
  expect(await browser.open('/page/own')).toMatchObject({ status: 404, body: 'mine' });
});

test.each([
  ['x-correlation-id', 'a.b_c:1/2+3=@-', true],
  ['x-request-id', 'x'.repeat(128), true],
  ['x-request-id', 'x'.repeat(129), false],
  ['x-correlation-id', '<script>', false],
  ['x-correlation-id', 'two words', false],
  ['x-correlation-id', '-leading', false],
  ['x-correlation-id', 'é', false],
])('%s: %s is taken over: %s', async (name, value, isTaken) => {
  const { headers } = await browser.open('/nowhere', { headers: { [name]: value } });
  const id = headers['x-correlation-id'];
  if (isTaken) expect(id).toBe(value);
  else expect(id).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});
