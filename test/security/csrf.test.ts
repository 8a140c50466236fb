import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCsrfTokens, refuseForeignForms } from '../../src/security/csrf.ts';
import { hostGuard } from '../../src/security/hosts.ts';
import { createSealer } from '../../src/security/seal.ts';

const sealer = createSealer([{ kid: 'k1', key: randomBytes(32).toString('base64') }]);
let server: Server;
let url: string;
let effects = 0;

/** A form for every flow: GET shows its token, POST with the right one has an effect. */
function formSite(publicUrl: string): Koa {
  const options = { publicUrl, loopbackAliases: true, trustProxy: [] };
  const tokens = createCsrfTokens(sealer, options);
  const app = new Koa();
  app.use(hostGuard(options));
  app.use(refuseForeignForms(options));
  app.use((ctx) => {
    const flow = ctx.path;
    if (ctx.method === 'GET') {
      ctx.body = tokens.formToken(ctx, flow);
      if (tokens.formToken(ctx, flow) !== ctx.body) throw new Error('two forms of a page differ');
      return;
    }
    if (!tokens.fits(ctx, flow, ctx.get('X-Form-Token') || undefined)) ctx.throw(403);
    effects += 1;
    ctx.body = 'done';
  });
  app.silent = true;
  return app;
}

beforeAll(async () => {
  server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const callback = formSite(url).callback();
  server.on('request', (req, res) => void callback(req, res));
});

afterAll(() => void server.close());

async function open(flow: string, cookie = '') {
  const response = await fetch(`${url}${flow}`, { headers: { cookie } });
  const setCookie = response.headers.getSetCookie();
  return { token: await response.text(), setCookie, cookie: setCookie[0]?.split(';')[0] ?? cookie };
}

async function post(flow: string, cookie: string, token: string, headers: Record<string, string> = {}) {
  const before = effects;
  const response = await fetch(`${url}${flow}`, {
    method: 'POST',
    headers: { cookie, 'X-Form-Token': token, ...headers },
  });
  await response.text();
  expect(effects - before).toBe(response.status === 200 ? 1 : 0);
  return response.status;
}

describe('a hosted form', () => {
  test('is accepted from the browser that was given it, without any script', async () => {
    const form = await open('/flow-1');
    expect(await post('/flow-1', form.cookie, form.token)).toBe(200);
  });

  test('needs its token, of this flow and this browser', async () => {
    const mine = await open('/flow-1');
    const other = await open('/flow-1');
    const second = await open('/flow-2', mine.cookie);
    expect(second.setCookie).toEqual([]);
    expect(await post('/flow-2', mine.cookie, second.token)).toBe(200);
    expect(await post('/flow-1', mine.cookie, '')).toBe(403);
    expect(await post('/flow-1', mine.cookie, second.token)).toBe(403);
    expect(await post('/flow-1', mine.cookie, other.token)).toBe(403);
    expect(await post('/flow-1', other.cookie, mine.token)).toBe(403);
    expect(await post('/flow-1', '', mine.token)).toBe(403);
    expect(await post('/flow-1', mine.cookie, `${mine.token.slice(0, -4)}AAAA`)).toBe(403);
    expect(await post('/flow-1', mine.cookie, 'x'.repeat(8000))).toBe(403);
    expect(await post('/flow-1', mine.cookie, mine.token)).toBe(200);
  });

  test('gives the browser a cookie that scripts and other sites cannot use, and replaces a planted one', async () => {
    const form = await open('/flow-1');
    expect(form.setCookie[0]).toMatch(/^weir_form=[\w-]{43}; path=\/; samesite=lax; httponly$/i);
    const planted = await open('/flow-1', 'weir_form=short');
    expect(planted.setCookie).toHaveLength(1);
  });

  test('has a cookie that no neighbouring subdomain can plant where there is TLS', async () => {
    const site = formSite('https://id.example.com').callback();
    const secure = createServer((req, res) => void site(req, res));
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const { request } = await import('node:http');
    const cookies = await new Promise<string[]>((resolve, reject) => {
      const { port } = secure.address() as AddressInfo;
      request({ port, host: '127.0.0.1', headers: { host: 'id.example.com' } }, (res) => {
        res.resume();
        resolve(res.headers['set-cookie'] ?? []);
      })
        .on('error', reject)
        .end();
    });
    secure.close();
    expect(cookies[0]).toMatch(/^__Host-weir_form=[\w-]{43}; path=\/; samesite=lax; secure; httponly$/i);
  });
});

describe('a form that another site sends', () => {
  test.each([
    ['its origin', { Origin: 'https://evil.test' }],
    ['another port', { Origin: 'http://localhost:1' }],
    ['a cross-site navigation', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a neighbouring subdomain', { 'Sec-Fetch-Site': 'same-site' }],
    ['a sandboxed frame', { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' }],
    ['an unknown word', { 'Sec-Fetch-Site': 'whatever' }],
  ])('is refused even with a right token, known by %s', async (_, headers) => {
    const form = await open('/flow-1');
    expect(await post('/flow-1', form.cookie, form.token, headers as Record<string, string>)).toBe(403);
  });

  test('is told from our own, which carry no origin because of our referrer policy', async () => {
    const form = await open('/flow-1');
    const own = [
      {},
      { Origin: 'null' },
      { Origin: url },
      { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' },
      { 'Sec-Fetch-Site': 'none' },
    ];
    for (const headers of own) expect(await post('/flow-1', form.cookie, form.token, headers)).toBe(200);
    expect(await post('/flow-1', form.cookie, '', { Origin: 'null' })).toBe(403);
  });

  test('does not hinder links from other sites', async () => {
    const response = await fetch(`${url}/flow-1`, {
      headers: { Origin: 'https://app.test', 'Sec-Fetch-Site': 'cross-site' },
    });
    expect(response.status).toBe(200);
  });
});
