import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser } from '../support/browser_without_javascript.ts';
import { attributeOf } from '../support/html_document.ts';
import { samples, startGallery, type Gallery, type Sample } from '../support/page_gallery.ts';

const attacks = {
  markup: `<img src=x onerror=alert(1)>`,
  attribute: `"><script>alert(1)</script>`,
  quote: `' onfocus=alert(1) autofocus x='`,
  entity: `&lt;b&gt;&#x3c;script&#x3e;`,
  template: `<%= process.env %><%- include('/etc/passwd') %>\${7*7}{{7*7}}{app}`,
  address: `javascript:alert(document.domain)//"><svg onload=alert(1)>`,
};

/** Fields whose type leaves no room for a stranger's text. */
const fixed = new Set([
  'error',
  'message',
  'status',
  'retryAt',
  'retryAfterSeconds',
  'at',
  'purpose',
  'reason',
  'kind',
  'rule',
  'failed',
  'method',
  'identifierKind',
  'identifierError',
  'credential',
  'credentials',
]);

/** The same model with every string in it replaced by the attack. */
function poison(value: unknown, attack: string, key = ''): unknown {
  if (fixed.has(key)) return value;
  if (typeof value === 'string') return attack;
  // Ways to sign in: names of ours, alone or with an address.
  if (key === 'ways' && Array.isArray(value) && typeof value[0] === 'string') return value;
  if (Array.isArray(value)) return value.map((item) => poison(item, attack));
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  const entries = Object.entries(value).map(([name, item]) => [
    key === 'fields' ? attack : name,
    poison(item, attack, name),
  ]);
  return Object.fromEntries(entries) as unknown;
}

describe.each(Object.entries(attacks))('%s', (_name, attack) => {
  let gallery: Gallery;

  beforeAll(async () => {
    const poisoned = Object.entries(samples).map(([name, { page, model }]) => {
      const full = { app: { name: '', logoUri: '' }, backHref: '', signInHref: '', ...model };
      return [name, { page, model: poison(full, attack) } as Sample];
    });
    gallery = await startGallery(Object.fromEntries(poisoned) as Record<string, Sample>, {
      workspaceName: attack,
      brand: {
        name: attack,
        scheme: 'auto',
        css: attack,
        logo: attack,
        logoDark: attack,
        favicon: attack,
        texts: { en: { headline: attack, intro: attack } },
        links: [{ kind: 'help', href: attack }],
      },
      texts: { en: { 'sign_in.title': attack, 'links.help': attack } },
    });
  });
  afterAll(async () => gallery.close());

  test.each(Object.keys(samples))('is text on %s', async (name) => {
    const browser = new Browser({ origin: gallery.origin });
    const query = new URLSearchParams({ state: attack, ui_locales: attack, lang: attack });
    const { body, document, headers } = await browser.open(`/pages/${name}?${query.toString()}`);
    expect(document.has('h1')).toBe(true);
    // Shown or left out, but never taken for markup.
    if (/[<"']/.test(attack)) expect(body).not.toContain(attack);
    for (const script of document.queryAll('script'))
      expect(attributeOf(script, 'src')).toMatch(/^\/assets\/[0-9a-f]{16}\//);
    for (const element of document.elements) {
      const names = element.attrs.map((attribute) => attribute.name);
      expect(names.filter((one) => one.startsWith('on') || one === 'style')).toEqual([]);
      expect(attributeOf(element, 'href') ?? '').not.toMatch(/^\s*javascript:/i);
      expect(attributeOf(element, 'src') ?? '').not.toMatch(/^(?:x|javascript:)/i);
    }
    expect(headers['content-security-policy']).not.toContain('alert');
  });
});

test('a name is shown as it is written', async () => {
  const name = `Tom & "Jerry" <i>'s`;
  const sample = samples['sign_in'] as Extract<Sample, { page: 'sign_in' }>;
  const gallery = await startGallery({
    sign_in: { page: 'sign_in', model: { ...sample.model, app: { name } } },
  });
  const browser = new Browser({ origin: gallery.origin });
  await browser.open('/pages/sign_in');
  expect(browser.document.textOf('.head')).toBe(name);
  await gallery.close();
});
