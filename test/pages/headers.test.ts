import Koa from 'koa';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { securityHeaders } from '../../src/security/headers.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { attributeOf } from '../support/html_document.ts';
import { samples, startGallery, type Gallery } from '../support/page_gallery.ts';

let gallery: Gallery;
beforeAll(async () => {
  gallery = await startGallery();
});
afterAll(async () => gallery.close());

/** Pages whose form may end at the application: Chromium would block the redirect under `form-action`. */
const redirecting = [
  'sign_in',
  'sign_in_error',
  'pool_chooser',
  'consent',
  'no_access',
  'logout_confirm',
  'busy',
];

test.each(Object.keys(samples))('%s carries the headers of a hosted page', async (name) => {
  const browser = new Browser({ origin: gallery.origin });
  const { headers, document } = await browser.open(`/pages/${name}`);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
  });
  expect(headers['permissions-policy']).toContain('camera=()');
  const policy = String(headers['content-security-policy']);
  const nonce = attributeOf(document.require('script'), 'nonce') ?? '';
  expect(nonce).toMatch(/^[A-Za-z0-9+/]{22}==$/);
  expect(policy).toContain(
    `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self'; img-src 'self' data:`,
  );
  expect(policy).toContain(`base-uri 'none'; frame-ancestors 'none'`);
  expect(policy).not.toContain('unsafe');
  if (redirecting.includes(name)) expect(policy).not.toContain('form-action');
  expect(policy.includes(`form-action 'none'`)).toBe(!document.has('form'));
});

test('a nonce is used once', async () => {
  const browser = new Browser({ origin: gallery.origin });
  const nonces = new Set<string | undefined>();
  for (let count = 0; count < 20; count += 1) {
    const { document } = await browser.open('/pages/sign_in');
    nonces.add(document.attribute('script', 'nonce'));
  }
  expect(nonces.size).toBe(20);
});

test('a logo opens the policy for its origin only', async () => {
  const { sign_in: sample } = samples;
  if (sample?.page !== 'sign_in') throw new Error('the sample is gone');
  const withLogo = (logoUri: string) => ({
    page: 'sign_in' as const,
    model: { ...sample.model, app: { name: 'A', logoUri } },
  });
  const own = await startGallery({
    https: withLogo('https://cdn.example:8443/a/logo.svg?x=1;y'),
    plain: withLogo('http://cdn.example/logo.svg'),
    script: withLogo('javascript:alert(1)'),
    data: withLogo('data:image/png;base64,AAAA'),
    html: withLogo('data:text/html,<script>'),
  });
  const browser = new Browser({ origin: own.origin });
  const shown = async (name: string) => {
    const { document, headers } = await browser.open(`/pages/${name}`);
    const policy = /img-src [^;]*/.exec(String(headers['content-security-policy']))?.[0];
    return [document.query('img.logo') !== undefined, policy];
  };
  expect(await shown('https')).toEqual([true, `img-src 'self' data: https://cdn.example:8443`]);
  expect(await shown('plain')).toEqual([false, `img-src 'self' data:`]);
  expect(await shown('script')).toEqual([false, `img-src 'self' data:`]);
  expect(await shown('data')).toEqual([true, `img-src 'self' data:`]);
  expect(await shown('html')).toEqual([false, `img-src 'self' data:`]);
  await own.close();
});

test.each([
  ['https://id.example', 'max-age=31536000'],
  ['http://localhost:8080', undefined],
])('HSTS under %s: %s', async (publicUrl, expected) => {
  const koa = new Koa();
  koa.use(securityHeaders({ publicUrl }));
  const server = koa.listen(0);
  const browser = new Browser({ origin: `http://localhost:${(server.address() as AddressInfo).port}` });
  const { headers } = await browser.open('/');
  expect(headers['strict-transport-security']).toBe(expected);
  expect(headers['x-content-type-options']).toBe('nosniff');
  server.close();
});

test('assets are kept for ever under the hash of their content, and absent under any other', async () => {
  const browser = new Browser({ origin: gallery.origin });
  await browser.open('/pages/sign_in');
  const address = browser.document.attribute('link[rel=stylesheet]', 'href') ?? '';
  expect(address).toMatch(/^\/assets\/[0-9a-f]{16}\/weir\.css$/);
  const first = await browser.open(address);
  expect(first.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/css; charset=utf-8',
    vary: 'Accept-Encoding',
  });
  const again = await browser.open(address, { headers: { 'if-none-match': String(first.headers.etag) } });
  expect([again.status, again.body]).toEqual([304, '']);
  const packed = await browser.open(address, { headers: { 'accept-encoding': 'gzip, br' } });
  expect(packed.headers['content-encoding']).toBe('br');
  expect(packed.headers.etag).not.toBe(first.headers.etag);
  for (const wrong of [
    address.replace(/[0-9a-f]{16}/, '0000000000000000'),
    address.replace('weir.css', 'constructor'),
    '/assets/',
    '/assets/../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
  ]) {
    const { status, headers } = await browser.open(wrong);
    expect([wrong, status]).toEqual([wrong, 404]);
    expect(headers['cache-control'] ?? '').not.toContain('immutable');
  }
});
