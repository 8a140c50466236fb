import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { basinColor } from '../../src/http/basin_color.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { attributeOf } from '../support/html_document.ts';
import { samples, startGallery, type Gallery } from '../support/page_gallery.ts';

let gallery: Gallery;
let browser: Browser;
beforeAll(async () => {
  gallery = await startGallery();
  browser = new Browser({ origin: gallery.origin });
});
afterAll(async () => gallery.close());

// A public contract: people's tests and styles stand on these.
test.each([
  [
    'sign_in',
    ['#login-form', '#identifier', '#password', '#login-submit'],
    ['csrf', 'identifier', 'password'],
  ],
  ['pool_chooser', ['#pool-chooser'], ['csrf']],
  ['no_access', ['#no-access-page', '#no-access-form', '#no-access-back', '#no-access-sign-out'], ['csrf']],
  ['consent', ['#consent-form', '#consent-allow', '#consent-deny'], ['csrf']],
  ['logout_confirm', ['#logout-confirm', '#logout-cancel'], ['xsrf']],
  ['signed_out', ['#logged-out'], []],
  ['still_signed_in', ['#still-signed-in'], []],
  ['error', ['#error-page', '#error-code'], []],
])('%s has its ids and field names', async (name, ids, fields) => {
  const { document } = await browser.open(`/pages/${name}`);
  for (const id of ids) expect(document.queryAll(id), id).toHaveLength(1);
  if (fields.length > 0) expect(document.form().fields.map((field) => field.name)).toEqual(fields);
});

test('buttons say what they send', async () => {
  await browser.open('/pages/pool_chooser');
  const pools = browser.document.form('#pool-chooser').buttons.map((button) => attributeOf(button, 'value'));
  expect(pools).toEqual(['customers', 'staff', 'partners', 'guests']);
  await browser.open('/pages/consent');
  const decisions = browser.document.form().buttons.map((button) => attributeOf(button, 'value'));
  expect(decisions).toEqual(['allow', 'deny']);
  await browser.open('/pages/logout_confirm');
  const answers = browser.document.form().buttons.map((button) => attributeOf(button, 'value'));
  expect(answers).toEqual(['yes', '']);
});

test('an error is in the title, in an alert and at both fields; the name is kept, the password is not', async () => {
  const { document } = await browser.open('/pages/sign_in_error');
  expect(document.title).toBe('Error: Sign in · Harbour Books');
  expect(document.textOf('[role=alert]')).toContain('That did not work');
  expect(document.valueOf('identifier')).toBe('mara.linde@tidewater.example');
  expect(document.valueOf('password')).toBe('');
  for (const field of ['#identifier', '#password']) {
    expect(document.attribute(field, 'aria-invalid')).toBe('true');
    expect(document.has(`#${document.attribute(field, 'aria-describedby')}`)).toBe(true);
  }
  expect(document.queryAll('[autofocus]')).toHaveLength(1);
});

test.each(Object.entries({ error: 400, expired: 410, not_found: 404, busy: 503, too_many_tries: 429 }))(
  '%s answers %i',
  async (name, status) => {
    expect((await browser.open(`/pages/${name}`)).status).toBe(status);
  },
);

test('only web addresses become links', async () => {
  const hrefs = [
    'javascript:alert(1)',
    'data:text/html,x',
    ' JaVaScript:alert(1)',
    'https://app.example/',
    '/own',
  ];
  const pages = Object.fromEntries(
    hrefs.map((backHref, index) => [`page${index}`, { page: 'expired' as const, model: { backHref } }]),
  );
  const own = await startGallery(pages);
  const other = new Browser({ origin: own.origin });
  const linked: boolean[] = [];
  for (const name of Object.keys(pages)) {
    const { document } = await other.open(`/pages/${name}`);
    expect(document.has('#expired-page')).toBe(true);
    linked.push(document.has('a.btn'));
  }
  expect(linked).toEqual([false, false, false, true, true]);
  await own.close();
});

test('parallel requests never get each other’s page', async () => {
  const names = Object.keys(samples);
  const wanted = Array.from({ length: 100 }, (_, index) => names[index % names.length] ?? '');
  const expected = new Map<string, string>();
  for (const name of names) expected.set(name, (await browser.open(`/pages/${name}`)).document.title);
  const got = await Promise.all(
    wanted.map(async (name) => (await browser.tab().open(`/pages/${name}`)).document.title),
  );
  expect(got).toEqual(wanted.map((name) => expected.get(name)));
});

test('pages lead to this server and to the application only', async () => {
  for (const name of Object.keys(samples)) {
    const { document } = await browser.open(`/pages/${name}`);
    for (const { href } of document.links) expect(['localhost', 'books.example']).toContain(href.hostname);
  }
});

test('a pool’s colour is corrected to 3:1, and anything else is refused', () => {
  expect(basinColor('#b8520a')?.light).toBe('#b8520a');
  expect(basinColor('#fff')).toEqual({ light: expect.stringMatching(/^#8|^#7/) as string, dark: '#ffffff' });
  expect(basinColor('#000')?.dark).toMatch(/^#[6-7]/);
  for (const wrong of ['red', '#12', '#12345', 'url(x)', '#ggg', '"><script>'])
    expect(basinColor(wrong)).toBeUndefined();
});

test('templates escape everything and include only partials', () => {
  const files = readdirSync('views', { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ejs'),
  );
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) {
    const raw = [...readFileSync(`views/${file}`, 'utf8').matchAll(/<%-(?<code>.*?)%>/gs)];
    for (const { groups } of raw) expect(groups?.['code']?.trim(), file).toMatch(/^include\('partials\/\w+'/);
  }
});

test('a known code says what to do; the title names the application once', async () => {
  const own = await startGallery({
    known: { page: 'error', model: { code: 'invalid_client', status: 400, correlationId: 'c' } },
    unknown: { page: 'error', model: { code: 'constructor', status: 400, correlationId: 'c' } },
  });
  const other = new Browser({ origin: own.origin });
  expect((await other.open('/pages/known')).document.text).toContain('is not registered');
  expect((await other.open('/pages/unknown')).document.text).toContain('What arrived here cannot be used.');
  await own.close();
  const title = async (name: string) => (await browser.open(`/pages/${name}`)).document.title;
  expect(await title('consent')).toBe('Let Reading Circle use your account?');
  expect(await title('pool_chooser')).toBe('Who are you here as? · Harbour Books');
});
