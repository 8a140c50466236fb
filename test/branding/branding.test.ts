import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEMO_CLIENT_SECRET } from '../../src/installation/demo.ts';
import { type ApiClient, type ApiServer, startApiServer, SYSTEM_TENANT } from '../support/api_server.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { attributeOf } from '../support/html_document.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { watchStatements } from '../support/statements.ts';

const WORKSPACE = `/api/admin/${SYSTEM_TENANT}/servers/demo/styling`;
const png = `data:image/png;base64,${Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.from('pixels')]).toString('base64')}`;
const svg = (content: string) => `data:image/svg+xml;base64,${Buffer.from(content).toString('base64')}`;

let server: ApiServer;
let admin: ApiClient;
let app: RelyingParty;
let poolId: string;
let connectionId: string;

beforeAll(async () => {
  server = await startApiServer();
  admin = server.api(SYSTEM_TENANT);
  app = await RelyingParty.discover({
    issuer: server.issuer,
    clientId: 'demo-app',
    clientSecret: DEMO_CLIENT_SECRET,
    redirectUri: `http://localhost:${server.config.demoPort}/callback`,
  });
  const [connection] = await server.domain.connections.listByWorkspace({
    tenantId: SYSTEM_TENANT,
    workspaceId: 'demo',
  });
  poolId = connection?.poolId ?? '';
  connectionId = connection?.id ?? '';
});
afterAll(() => server.stop());

const poolStyling = () => `/api/identity/${SYSTEM_TENANT}/admin/pools/${poolId}/styling`;

/** The sign-in page, as a browser that has never been here gets it. */
async function arrive(
  headers: Record<string, string> = {},
  parameters: Record<string, string> = {},
): Promise<Browser> {
  const browser = new Browser({ origin: server.url, headers });
  await (await RelyingParty.discover(app.options, browser)).begin(parameters);
  return browser;
}
const styleSheets = ({ document }: Browser) =>
  document.queryAll('link[rel=stylesheet]').map((link) => attributeOf(link, 'href') ?? '');

test('a workspace looks as it was told to', async () => {
  const styling = {
    colors: { primary: '#ffe000', header: '#123456' },
    logo_url: 'https://cdn.example.test:8443/logo.svg',
    logo_size: '40px',
    favicon_url: png,
    display_name: 'Harbour & Sons',
    default_locale: 'de',
    corners: 'round',
    texts: { de: { headline: 'Moin <b>', intro: 'Schön, dass du da bist.' } },
    links: {
      privacy: 'https://harbour.example.test/privacy',
      imprint: 'https://harbour.example.test/imprint',
    },
  };
  const put = await admin.put(WORKSPACE, styling);
  expect(put.status).toBe(200);
  expect(put.body).toMatchObject({ ...styling, favicon_url: expect.stringContaining('/brand/favicon?v=') });
  expect(put.body.used_colors.light.primary).not.toBe('#ffe000');
  expect((await admin.get(WORKSPACE)).body).toEqual(put.body);

  const browser = await arrive({ 'accept-language': 'fr' });
  const { document, page } = browser;
  expect(document.attribute('html', 'lang')).toBe('de');
  expect(document.textOf('.headline')).toBe('Moin <b>');
  expect(document.attribute('img.logo', 'src')).toBe(styling.logo_url);
  expect(String(page.headers['content-security-policy'])).toContain(
    `img-src 'self' data: https://cdn.example.test:8443;`,
  );
  expect(document.links.map(({ text }) => text)).toEqual(
    expect.arrayContaining(['Datenschutz', 'Impressum']),
  );

  const [, css = ''] = styleSheets(browser);
  expect(css).toMatch(/^\/default\/demo\/brand\.css\?v=[0-9a-f]{16}$/);
  const sheet = await fetch(server.url + css);
  expect(sheet.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(await sheet.text()).toContain(`--race:${put.body.used_colors.light.primary}`);
  const unnamed = await fetch(server.url + css.split('?')[0]);
  expect(unnamed.headers.get('cache-control')).toBe('no-cache');

  const icon = await fetch(server.url + document.attribute('link[rel=icon]', 'href'));
  expect(icon.headers.get('content-type')).toBe('image/png');
  expect(icon.headers.get('content-security-policy')).toContain('sandbox');
  expect(Buffer.from(await icon.arrayBuffer()).toString('latin1')).toContain('pixels');

  const answer = await fetch(`${server.issuer}/styling`);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect(await answer.json()).toEqual({
    colors: { primary: '#ffe000', header: '#123456', background: '' },
    font_url: '',
    logo_url: styling.logo_url,
    logo_size: '40px',
  });
});

test('a pool’s look lies over that of its workspace, on its steps and on its own pages', async () => {
  await admin.put(WORKSPACE, {
    colors: { primary: '#7a1f4b' },
    display_name: 'Workspace',
    links: { help: 'https://h.example/' },
  });
  const logo = svg('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h9v9z"/></svg>');
  const put = await admin.put(poolStyling(), { colors: { primary: '#1c6638' }, logo_url: logo });
  expect(put.status).toBe(200);
  const browser = await arrive({}, { idp_hint: connectionId });
  const [, css = ''] = styleSheets(browser);
  expect(await (await fetch(server.url + css)).text()).toContain('--race:#1c6638');
  expect(browser.document.attribute('img.logo', 'src')).toBe(put.body.logo_url);
  expect(browser.document.links.map(({ href }) => href.href)).toContain('https://h.example/');
  await browser.open(`/${SYSTEM_TENANT}/identity/${poolId}/reset-password`);
  const [, own = ''] = styleSheets(browser);
  expect(own).toContain(`/identity/${poolId}/brand.css?v=`);
  expect(await (await fetch(server.url + own)).text()).toContain('--race:#1c6638');
  expect((await fetch(server.url + put.body.logo_url)).headers.get('content-type')).toBe('image/svg+xml');

  // Sent back as it was answered, nothing changes; its version is the condition of a change.
  const again = await admin.put(poolStyling(), put.body, { 'if-match': put.etag });
  expect(again.body).toEqual(put.body);
  expect((await admin.put(poolStyling(), {}, { 'if-match': put.etag })).status).toBe(412);
  expect((await admin.delete(poolStyling())).status).toBe(204);
  expect((await fetch(server.url + put.body.logo_url)).status).toBe(404);
  expect(styleSheets(await arrive())[1]).toMatch(/demo\/brand\.css\?v=/);
});

test('a tenant’s styling is what its workspaces start from', async () => {
  const styling = { colors: { primary: '#123456', header: '' }, logo_size: '30px' };
  const tenant = { name: 'Default', styling };
  expect((await admin.put(`/api/system/tenants/${SYSTEM_TENANT}`, tenant)).status).toBe(200);
  await admin.delete(WORKSPACE);
  const [, css = ''] = styleSheets(await arrive());
  const sheet = await (await fetch(server.url + css)).text();
  expect(sheet).toContain('--race:#123456');
  expect(sheet).toContain('--logo:30px');
  await admin.put(WORKSPACE, { colors: { primary: '#7a1f4b' } });
  const [, own = ''] = styleSheets(await arrive());
  expect(await (await fetch(server.url + own)).text()).toContain('--race:#7a1f4b');
  await admin.put(`/api/system/tenants/${SYSTEM_TENANT}`, { ...tenant, styling: {} });
});

test('what cannot be shown is refused, field by field', async () => {
  const refused = await admin.put(WORKSPACE, {
    colors: { primary: 'red;}body{display:none', header: '#12' },
    font_url: 'https://fonts.example/a.woff2',
    logo_size: '49px',
    default_locale: 'xx',
    texts: { en: { headline: 'two\nlines' }, xx: { headline: 'no' } },
    links: { help: 'javascript:alert(1)' },
    css: 'body{}',
  });
  expect(refused.status).toBe(422);
  const pointers = refused.body.details.map(({ pointer }: { pointer: string }) => pointer).sort();
  expect(pointers).toEqual([
    '/colors/header',
    '/colors/primary',
    '/css',
    '/default_locale',
    '/font_url',
    '/links/help',
    '/logo_size',
    '/texts/en/headline',
    '/texts/xx',
  ]);
  for (const logo of [
    'http://cdn.example.test/logo.png',
    'https://user:secret@cdn.example.test/logo.png',
    'javascript:alert(1)',
    'data:text/html;base64,PGI+',
    png.replace('image/png', 'image/jpeg'),
    svg('<svg><script>alert(1)</script></svg>'),
    svg('<svg onload="alert(1)"></svg>'),
    svg('<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'),
    svg('<html><svg></svg></html>'),
    `data:image/png;base64,${Buffer.alloc(33 * 1024, 1).toString('base64')}`,
    `/${SYSTEM_TENANT}/demo/brand/logo?v=0123456789abcdef`,
  ]) {
    const { status, body } = await admin.put(WORKSPACE, { logo_url: logo });
    expect([status, body.details?.[0]?.pointer], logo.slice(0, 60)).toEqual([422, '/logo_url']);
  }
  const missing = `/api/admin/${SYSTEM_TENANT}/servers/nobody/styling`;
  expect((await admin.put(missing, {})).status).toBe(404);
  for (const path of [
    '/default/nobody/brand.css',
    '/default/demo/brand/logo',
    '/default/identity/nobody/brand.css',
  ])
    expect((await fetch(server.url + path)).status).toBe(404);
});

test('what another process changes shows here, and costs a page no statement', async () => {
  const log = watchStatements();
  // A changed workspace is loaded anew, with its clients: by the first that comes.
  await arrive();
  const plain = await log.during(() => arrive());
  await server.domain.branding.replace(
    { tenantId: SYSTEM_TENANT, workspaceId: 'demo' },
    { displayName: 'Elsewhere', colors: { primary: '#123456' }, links: { help: 'https://h.example/' } },
    SYSTEM_ACTOR,
  );
  const styled = async () =>
    (await (await fetch(`${server.issuer}/styling`)).json()) as { colors: { primary: string } };
  await expect.poll(async () => (await styled()).colors.primary, { timeout: 2_000 }).toBe('#123456');
  await arrive();
  const branded = await log.during(() => arrive());
  log.stop();
  const counted = (statements: string[]) => statements.filter((name) => name !== 'workspace-versions').length;
  expect(branded.result.document.has('.foot')).toBe(true);
  expect(counted(branded.statements)).toBe(counted(plain.statements));
});

test('a tenant says it in words of its own: text, with the placeholders that we fill', async () => {
  const path = (rest: string) => `/api/admin/${SYSTEM_TENANT}/translation/${rest}`;
  const content = { sign_in: { title: 'Board <here>', lede: 'for {app}, {app}' } };
  const put = await admin.put(path('en'), { content });
  expect([put.status, put.body.content]).toEqual([200, content]);
  const { document } = await arrive();
  expect(document.textOf('h1')).toBe('Board <here>');
  expect(document.textOf('.lede')).toMatch(/^for (.+), \1$/);
  expect((await admin.get(`/api/admin/${SYSTEM_TENANT}/translations`)).body.translations).toEqual([put.body]);

  const wrong = await admin.put(path('en'), {
    content: {
      sign_in: { lede: 'to {app} and {password}', nothing: 'x', title: ' ' },
      message: { 'foot.x': 'y' },
    },
  });
  expect(wrong.status).toBe(422);
  expect(wrong.body.details.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    '/content/message/foot.x',
    '/content/sign_in/lede',
    '/content/sign_in/nothing',
    '/content/sign_in/title',
  ]);
  expect(JSON.stringify(wrong.body.details)).toContain('{password}');

  expect((await admin.put(path('en'), { content }, { 'if-match': '"99"' })).status).toBe(412);
  await admin.put(path('en'), { content, enabled: false }, { 'if-match': put.etag });
  expect((await arrive()).document.textOf('h1')).toBe('Sign in');
  expect((await admin.delete(path('en'))).status).toBe(204);
  expect((await admin.get(path('en'))).status).toBe(404);
  expect((await admin.put(path('xx'), { content })).status).toBe(404);
  const builtIn = await admin.get(path('de/builtin'));
  expect(builtIn.body).toMatchObject({
    locale: 'de',
    is_built_in: true,
    content: { sign_in: { title: 'Anmelden' } },
  });
  expect(builtIn.body.content.message).toBeUndefined();
});
