import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Browser } from '../support/browser_without_javascript.ts';

const page = `<!doctype html><title>A &amp; B</title><main><h1>Form</h1>
<form id="f" method="post" action="/echo?x=1"><input name="a" value="1"><input type="hidden" name="csrf" value="&quot;t">
<input type="checkbox" name="box" value="yes"><input type="checkbox" name="on" checked><input name="dead" disabled value="d">
<textarea name="t">two
lines</textarea><select name="s"><option>x</option><option selected value="y">Why</option></select>
<button id="allow" name="decision" value="allow">Allow</button></form>
<button form="f" name="decision" value="deny">Do not allow</button>
<a href="/hop?to=/final" id="go">Go on</a></main>`;

let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    void answer(request, url).then(({ status, headers, body }) =>
      response.writeHead(status, headers).end(body),
    );
  }).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

async function answer(request: IncomingMessage, url: URL) {
  const html = { 'content-type': 'text/html; charset=utf-8' };
  if (url.pathname === '/echo') {
    const body = await text(request);
    const seen = { body, query: url.search, headers: request.headers, from: request.socket.remoteAddress };
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(seen) };
  }
  if (url.pathname === '/hop')
    return {
      status: 303,
      headers: { location: url.searchParams.get('to') ?? '/', 'set-cookie': 'hop=1; Path=/final' },
      body: '',
    };
  if (url.pathname === '/cookies')
    return {
      status: 200,
      headers: {
        ...html,
        'set-cookie': [
          'root=1; Path=/; Secure; HttpOnly',
          'deep=2; Path=/final/deep',
          'gone=3; Max-Age=0',
          'foreign=4; Domain=example.org',
          'strict=5; Path=/; SameSite=Strict',
        ],
      },
      body: '',
    };
  return { status: 200, headers: html, body: page };
}

test('a form sends what a browser would send', async () => {
  const browser = new Browser({ origin });
  await browser.open('/');
  expect(browser.document.title).toBe('A & B');
  await browser.submit('#f', { a: 'ü&', box: 'yes', on: undefined }, 'Do not allow');
  const seen = JSON.parse(browser.page.body) as {
    body: string;
    query: string;
    headers: Record<string, string>;
  };
  expect([...new URLSearchParams(seen.body)]).toEqual([
    ['a', 'ü&'],
    ['csrf', '"t'],
    ['t', 'two\nlines'],
    ['s', 'y'],
    ['box', 'yes'],
    ['decision', 'deny'],
  ]);
  expect(seen.query).toBe('?x=1');
  expect(seen.headers['origin']).toBe(origin);
  expect(seen.headers['sec-fetch-site']).toBe('same-origin');
});

test('a field the form does not have is an error', async () => {
  const browser = new Browser({ origin });
  await browser.open('/');
  await expect(browser.submit('f', { typo: '1' })).rejects.toThrow('no field "typo"');
  await expect(browser.submit('#missing')).rejects.toThrow('No form "#missing"');
});

test('redirects are followed with their cookies, and held back where asked', async () => {
  const browser = new Browser({ origin, stopAt: (url) => url.protocol === 'app:' });
  await browser.open('/');
  const end = await browser.follow('Go on');
  expect(end.url.pathname).toBe('/final');
  expect(browser.history.map((step) => step.status)).toEqual([200, 303, 200]);
  const stopped = await browser.open('/hop?to=app:/callback%3Fcode=7');
  expect(stopped.stoppedAt?.href).toBe('app:/callback?code=7');
});

test('cookies keep to their host, path, life and site', async () => {
  const browser = new Browser({ origin });
  await browser.open('/cookies');
  const names = (path: string, crossSite = false) =>
    browser.cookies
      .matching({ url: new URL(path, origin), crossSite, safeMethod: true })
      .map((one) => one.name);
  expect(names('/final/deep/er')).toEqual(['deep', 'root', 'strict']);
  expect(names('/final/deeper')).toEqual(['root', 'strict']);
  expect(names('/', true)).toEqual(['root']);
  expect(browser.cookies.header({ url: new URL('http://other.localhost/') })).toBeUndefined();
  const copy = browser.clone();
  copy.cookies.clear();
  expect(browser.cookies.get('root')?.httpOnly).toBe(true);
});

test('a source address of its own', async () => {
  const port = new URL(origin).port;
  const browser = new Browser({ origin: `http://127.0.0.1:${port}`, localAddress: '127.0.3.7' });
  const seen = JSON.parse((await browser.open('/echo')).body) as { from: string };
  expect(seen.from.replace('::ffff:', '')).toBe('127.0.3.7');
});
