import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { locales } from '../../src/i18n/locales.ts';
import { PROTECTED_TYPES } from '../../src/security/attempts.ts';
import { type ApiClient, type ApiServer, startApiServer, statuses } from '../support/api_server.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { person, SYSTEM_ACTOR } from '../support/domain.ts';
import { RelyingParty } from '../support/relying_party.ts';

const BASE = '/api/admin/acme';
const TENANT = `${BASE}/tenant`;
const CALLBACK = 'https://app.example.test/cb';

let server: ApiServer;
let admin: ApiClient;
let app: { clientId: string; clientSecret: string };

beforeAll(async () => {
  server = await startApiServer({ AUDIT_RETENTION_DAYS: '30' });
  await server.createTenant('acme');
  admin = server.api('acme');
  const { domain } = server;
  const web = { tenantId: 'acme', workspaceId: 'web' };
  await domain.workspaces.create({ tenantId: 'acme' }, { id: 'web', name: 'Web' }, SYSTEM_ACTOR);
  await domain.pools.create({ tenantId: 'acme' }, { id: 'people', name: 'People' }, SYSTEM_ACTOR);
  await domain.connections.create(web, { poolId: 'people', name: 'People' }, SYSTEM_ACTOR);
  const client = await domain.clients.create(web, { redirectUris: [CALLBACK] }, SYSTEM_ACTOR);
  app = { clientId: client.id, clientSecret: client.clientSecret ?? '' };
});
afterAll(() => server.stop());

describe('the settings of a tenant', () => {
  it('are replaced as a whole, by the version they are based on, and recorded', async () => {
    const settings = { translations: { default_locale: 'de', disabled_translations: ['ar'] } };
    const styling = {
      colors: { primary: '#123456' },
      logo_url: 'https://cdn.example.test/l.svg',
      logo_size: '40px',
    };
    const first = await admin.get(TENANT);
    expect(first.body).toEqual({ id: 'acme', name: 'acme', settings: {}, styling: {}, metadata: {} });
    const wanted = { id: 'ignored', name: 'Acme', settings, styling, metadata: { region: 'eu' } };
    const put = await admin.put(TENANT, wanted, { 'If-Match': first.etag });
    expect(put).toMatchObject({ status: 200, body: { ...wanted, id: 'acme' } });
    expect(await admin.get(TENANT)).toMatchObject({ body: put.body, etag: put.etag });
    expect((await admin.put(TENANT, { name: 'late' }, { 'If-Match': first.etag })).status).toBe(412);
    // As it was answered, it may be sent back.
    expect(await admin.put(TENANT, put.body, { 'If-Match': put.etag })).toMatchObject({ body: put.body });
    expect((await admin.put(TENANT, {})).body).toEqual(first.body);
    const { body } = await admin.get(`${BASE}/servers/admin/audit-events?event_subject=tenant`);
    const updates = body.audit_events.filter((event: { action: string }) => event.action === 'updated');
    expect(updates.map((event: { payload: unknown }) => event.payload).toReversed()).toEqual([
      { tenant_updated: { changed: ['name', 'settings', 'styling', 'metadata'], settings } },
      { tenant_updated: { changed: [], settings } },
      { tenant_updated: { changed: ['name', 'settings', 'styling', 'metadata'], settings: {} } },
    ]);
  });

  it('changed twenty times from one version have one winner', async () => {
    const { etag } = await admin.get(TENANT);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => admin.put(TENANT, { name: `Racer ${n}` }, { 'If-Match': etag })),
    );
    expect(statuses(answers)).toEqual([200, ...Array<number>(19).fill(412)]);
    await admin.put(TENANT, {});
  });

  it('that decide nothing, or cannot be, are refused by their names', async () => {
    const refused = await admin.put(TENANT, {
      name: '',
      url: 'https://id.acme.test',
      jwks: { keys: [] },
      settings: {
        default_workspace_id: 'web',
        default_template_id: 'x',
        well_known: {},
        workforce: {},
        security: { FrameDeny: false, codes_without_token: 'yes' },
        translations: { default_locale: 'xx', disabled_translations: ['de', 'de'], language: 'de' },
      },
      styling: {
        colors: { primary: 'red', accent: '#fff' },
        font_url: 'https://f.test',
        logo_url: 'http://l',
        logo_size: '9px',
      },
    });
    expect(refused.status).toBe(422);
    expect(refused.body.details.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/jwks',
      '/name',
      '/settings/default_template_id',
      '/settings/default_workspace_id',
      '/settings/security/FrameDeny',
      '/settings/security/codes_without_token',
      '/settings/translations/default_locale',
      '/settings/translations/disabled_translations',
      '/settings/translations/language',
      '/settings/well_known',
      '/settings/workforce',
      '/styling/colors/accent',
      '/styling/colors/primary',
      '/styling/font_url',
      '/styling/logo_size',
      '/styling/logo_url',
      '/url',
    ]);
    // A contradiction names both of its fields; English is the default that nobody has chosen.
    for (const translations of [
      { default_locale: 'de', disabled_translations: ['de'] },
      { disabled_translations: ['en'] },
    ]) {
      const { status, body } = await admin.put(TENANT, { settings: { translations } });
      expect([status, body.details.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
        422,
        ['/settings/translations/default_locale', '/settings/translations/disabled_translations'],
      ]);
    }
  });

  it('are the administrators’ to change; who may look changes nothing', async () => {
    const client = await server.domain.clients.create(
      { tenantId: 'acme', workspaceId: 'admin' },
      { grantTypes: ['client_credentials'] },
      SYSTEM_ACTOR,
    );
    const helper = server.api('acme', { clientId: client.id, clientSecret: client.clientSecret ?? '' });
    const see = async () => [
      (await helper.get(TENANT)).status,
      (await helper.get(`${BASE}/environment`)).status,
      (await helper.put(TENANT, {})).status,
    ];
    expect(await see()).toEqual([403, 403, 403]);
    for (const [role, expected] of [
      ['member', [403, 403, 403]],
      ['auditor', [200, 200, 403]],
      ['business_admin', [200, 200, 403]],
      ['admin', [200, 200, 200]],
    ] as const) {
      const grant = { type: 'client', client_id: client.id, role };
      await admin.post(`${BASE}/tenant/roles/grant`, grant);
      expect(await see(), role).toEqual(expected);
      const { body } = await helper.get(`${BASE}/tenant/permissions`);
      expect([body.get_tenant, body.update_tenant], role).toEqual([expected[0] === 200, expected[2] === 200]);
      await admin.delete(`${BASE}/tenant/roles/revoke`, {}, grant);
    }
    await server.createTenant('other');
    expect((await server.api('other').get(TENANT)).status).toBe(401);
  });
});

describe('the environment', () => {
  it('shows what holds, whoever has decided it', async () => {
    await admin.put(TENANT, {});
    const before = await admin.get(`${BASE}/environment`);
    expect(before.body).toMatchObject({
      admin_issuer_url: `${server.url}/acme/admin`,
      audit_events_duration: '720h0m0s',
      internationalization: true,
      tenant_settings: {
        security: { codes_without_token: false },
        translations: {
          enabled: true,
          selector_enabled: true,
          default_locale: 'en',
          disabled_translations: [],
        },
      },
      message_transports: { email: 'operator', sms: 'operator' },
      languages: locales,
    });
    expect(Object.keys(before.body.brute_force_limits).sort()).toEqual(
      ['enabled', ...PROTECTED_TYPES].sort(),
    );
    expect(before.body.brute_force_limits.mfa).toEqual({ max_attempts: 5, block_duration: '5m0s' });

    await admin.put(`${BASE}/bruteforce`, { protected_type: 'mfa', max_attempts: 3, block_duration: '15m' });
    await admin.put(TENANT, { settings: { translations: { enabled: false, default_locale: 'de' } } });
    const after = await admin.get(`${BASE}/environment`);
    expect(after.etag).not.toBe(before.etag);
    expect(after.body).toMatchObject({
      internationalization: false,
      languages: ['de'],
      brute_force_limits: { mfa: { max_attempts: 3, block_duration: '15m0s' } },
    });
    await admin.delete(`${BASE}/bruteforce/mfa`);
    const transport = await admin.post(`${BASE}/mfa-methods`, {
      mechanism: 'email',
      enabled: true,
      auth: {
        email: { host: 'smtp.acme.com', port: 587, username: 'acme', password: 'a secret', auth: 'plain' },
      },
      settings: { email: { provider: 'smtp', custom_from: 'id@acme.com' } },
    });
    const sending = await admin.get(`${BASE}/environment`);
    expect(sending.body.message_transports).toEqual({ email: 'own', sms: 'operator' });
    await admin.delete(`${BASE}/mfa-methods/${transport.body.id}`);
    await admin.put(TENANT, {});
    expect((await admin.get(`${BASE}/environment`)).etag).toBe(before.etag);
  });

  it('names the defaults that a new workspace and a new pool really get', async () => {
    const { workspace_defaults, pool_defaults } = (await admin.get(`${BASE}/environment`)).body;
    const workspace = await admin.post(`${BASE}/servers`, { id: 'bare', name: 'Bare' });
    expect(workspace.body).toMatchObject(workspace_defaults);
    const pool = await admin.post('/api/identity/acme/admin/pools', { name: 'Bare' });
    expect(pool.body).toMatchObject(pool_defaults);
  });
});

describe('languages', () => {
  /** The sign-in page as it comes to a browser with wishes of its own. */
  async function arrive(wishes: string): Promise<{ language: string; links: string[] }> {
    const browser = new Browser({ origin: server.url, headers: { 'accept-language': wishes } });
    const options = { issuer: `${server.url}/acme/web`, ...app, redirectUri: CALLBACK };
    await (await RelyingParty.discover(options, browser)).begin();
    return { language: browser.document.attribute('html', 'lang') ?? '', links: switches(browser) };
  }
  const switches = ({ document }: Browser) =>
    document.links.flatMap(({ href }) => href.searchParams.get('lang') ?? []).sort();
  const choose = async (translations: object) => {
    const put = await admin.put(TENANT, { settings: { translations } });
    expect(put.status, JSON.stringify(put.body)).toBe(200);
  };
  beforeEach(() => choose({}));

  it('that the tenant does not offer are neither linked nor spoken', async () => {
    expect(await arrive('ar')).toEqual({ language: 'ar', links: ['de', 'en'] });
    await choose({ disabled_translations: ['ar'] });
    expect(await arrive('ar, de;q=0.5')).toEqual({ language: 'de', links: ['en'] });
    expect(await arrive('ar')).toEqual({ language: 'en', links: ['de'] });
  });

  it('come down to one where the tenant wants a single one', async () => {
    await choose({ enabled: false, default_locale: 'de' });
    expect(await arrive('ar')).toEqual({ language: 'de', links: [] });
    await choose({ selector_enabled: false });
    expect(await arrive('ar')).toEqual({ language: 'ar', links: [] });
  });

  it('begin with the tenant’s own, which a workspace may replace', async () => {
    await choose({ default_locale: 'de' });
    expect((await arrive('fr')).language).toBe('de');
    await admin.put(`${BASE}/servers/web/styling`, { default_locale: 'ar' });
    expect((await arrive('fr')).language).toBe('ar');
    await choose({ default_locale: 'de', disabled_translations: ['ar'] });
    expect((await arrive('fr')).language).toBe('de');
    await admin.delete(`${BASE}/servers/web/styling`);
  });

  it('hold for the pages of a pool that no workspace is named for', async () => {
    await choose({ default_locale: 'de', disabled_translations: ['ar'] });
    const browser = new Browser({ origin: server.url, headers: { 'accept-language': 'ar' } });
    await browser.open('/acme/identity/people/reset-password');
    expect(browser.document.attribute('html', 'lang')).toBe('de');
    expect(switches(browser)).toEqual(['en']);
  });

  it('hold for messages', async () => {
    await choose({ default_locale: 'de', disabled_translations: ['ar'] });
    const user = await server.domain.users.create(
      { tenantId: 'acme', poolId: 'people' },
      {
        status: 'new',
        payload: person('Amal'),
        identifiers: [{ type: 'email', identifier: 'amal@example.test' }],
        addresses: [{ type: 'email', address: 'amal@example.test', verified: false }],
      },
      SYSTEM_ACTOR,
    );
    const path = `/api/identity/acme/admin/pools/people/users/${user.id}/activation/send`;
    expect((await admin.post(path, {})).status).toBe(204);
    const shown = await fetch(`${server.url}/dev/mailbox.json?to=amal@example.test`);
    expect(await shown.json()).toMatchObject({ messages: [{ locale: 'de' }] });
  });
});
