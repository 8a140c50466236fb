import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson, relyingParty, SYSTEM_ACTOR } from '../support/demo.ts';
import type { Page } from '../support/browser_without_javascript.ts';
import { RelyingParty } from '../support/relying_party.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { PASSWORD } from '../support/sign_in.ts';
import { watchStatements } from '../support/statements.ts';

const tenant = { tenantId: 'default' };
const workspaceId = 'several';
const off = { domains: [], instantRedirect: false, identifierBasedMatching: false, fallbackProvider: false };

describe('which pool somebody signs in with', () => {
  let server: TestServer;
  let app: RelyingParty;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    server = await startTestServer();
    const { elsewhere } = server;
    await elsewhere.workspaces.create(tenant, { id: workspaceId, name: 'Several' }, SYSTEM_ACTOR);
    const connect = async (
      name: string,
      settings: Partial<Parameters<typeof elsewhere.connections.create>[1]>,
    ) => {
      await elsewhere.pools.create(tenant, { id: `${name}-pool`, name: `${name} pool` }, SYSTEM_ACTOR);
      const { id } = await elsewhere.connections.create(
        { ...tenant, workspaceId },
        { poolId: `${name}-pool`, name: `The ${name}`, ...settings },
        SYSTEM_ACTOR,
      );
      ids[name] = id;
    };
    await connect('staff', {
      displayOrder: 2,
      discoverySettings: { ...off, domains: ['staff.example'], instantRedirect: true },
    });
    await connect('guests', { displayOrder: 1, discoverySettings: { ...off, fallbackProvider: true } });
    await connect('hidden', { hidden: true });
    await connect('closed', { disabled: true });
    await addPerson(elsewhere, 'staff-pool', { identifier: 'mara@staff.example', password: PASSWORD });
    await addPerson(elsewhere, 'hidden-pool', { identifier: 'odd@hidden.example', password: PASSWORD });
    app = await relyingParty(server, { workspaceId });
  });
  afterAll(() => server.stop());

  const visitor = () => RelyingParty.discover(app.options);
  const choices = ({ document }: Page) =>
    document.form('#pool-chooser').buttons.map((button) => document.constructor && button);

  const setDiscovery = async (enabled: boolean) => {
    const before = await server.elsewhere.workspaces.get({ ...tenant, workspaceId });
    await server.elsewhere.workspaces.update(
      { ...tenant, workspaceId },
      { ...before, idpDiscovery: enabled },
      SYSTEM_ACTOR,
    );
    const id = enabled ? '#discover-form' : '#pool-chooser';
    await expect.poll(async () => (await (await visitor()).begin()).page.document.has(id)).toBe(true);
  };

  test('the choice is ordered; hidden and disabled ones are not in it, and a hint finds a hidden one', async () => {
    const party = await visitor();
    const { page } = await party.begin();
    expect(choices(page)).toHaveLength(2);
    expect(page.body.indexOf('The guests')).toBeLessThan(page.body.indexOf('The staff'));
    const hinted = await visitor();
    const flow = await hinted.begin({ idp_hint: ids['hidden'] ?? '' });
    const end = await hinted.browser.submit('#login-form', {
      identifier: 'odd@hidden.example',
      password: PASSWORD,
    });
    expect((await hinted.finish(flow, end)).claims['sub']).toBeTruthy();
    const closed = await visitor();
    expect((await closed.begin({ idp_hint: ids['closed'] ?? '' })).page.document.has('#pool-chooser')).toBe(
      true,
    );
  });

  test('a remembered choice says welcome back, and lets one choose again', async () => {
    const party = await visitor();
    await party.begin();
    await party.browser.submit('#pool-chooser', { remember: 'yes' }, `pool=${ids['staff']}`);
    const { page } = await party.begin();
    expect(page.document.title).toContain('Welcome back');
    expect((await party.browser.follow('#use-different-account')).document.has('#pool-chooser')).toBe(true);
  });

  test('a domain leads to its connection, anything else to those that take everybody', async () => {
    await setDiscovery(true);
    const party = await visitor();
    const flow = await party.begin();
    const found = await party.browser.submit('#discover-form', { identifier: 'mara@STAFF.example' });
    expect(found.document.text).toContain('The staff');
    expect(found.document.valueOf('identifier')).toBe('mara@STAFF.example');
    const end = await party.browser.submit('#login-form', {
      identifier: 'mara@staff.example',
      password: PASSWORD,
    });
    expect((await party.finish(flow, end)).claims['idp']).toBe(ids['staff']);
    const other = await visitor();
    await other.begin();
    const rest = await other.browser.submit('#discover-form', { identifier: 'who@anywhere.example' });
    expect(choices(rest)).toHaveLength(1);
    const chosen = await other.browser.submit('#pool-chooser', {}, `pool=${ids['guests']}`);
    expect(chosen.document.valueOf('identifier')).toBe('who@anywhere.example');
  });

  test('found by name: no page tells who is known, nor which pool it is', async () => {
    for (const name of ['north', 'south']) {
      await server.elsewhere.pools.create(tenant, { id: `${name}-pool`, name: `${name} pool` }, SYSTEM_ACTOR);
      const { id } = await server.elsewhere.connections.create(
        { ...tenant, workspaceId },
        {
          poolId: `${name}-pool`,
          name: `The ${name}`,
          discoverySettings: { ...off, identifierBasedMatching: true },
        },
        SYSTEM_ACTOR,
      );
      ids[name] = id;
      await addPerson(server.elsewhere, `${name}-pool`, {
        identifier: `${name}@people.example`,
        password: PASSWORD,
      });
    }
    const ask = async (identifier: string) => {
      const party = await visitor();
      const flow = await party.begin();
      return { party, flow, page: await party.browser.submit('#discover-form', { identifier }) };
    };
    await expect
      .poll(async () => (await ask('south@people.example')).page.document.has('#login-form'))
      .toBe(true);
    const log = watchStatements();
    const seen = async (identifier: string) => {
      const { result, statements } = await log.during(() => ask(identifier));
      const { party, page } = result;
      const failed = await party.browser.submit('#login-form', { identifier, password: 'wrong' });
      const plain = (one: Page) =>
        one.body
          .replaceAll(one.url.pathname.split('/')[4] ?? '', '{uid}')
          .replaceAll(identifier, '{identifier}')
          .replaceAll(/%7E[\w.%-]+|~[\w.-]+/g, '{connection}')
          .replaceAll(/nonce="[^"]+"|value="h1\.[^"]+"/g, '');
      return {
        page: plain(page),
        failed: plain(failed),
        length: /(?:%7E|~)[\w.%-]+/.exec(page.body)?.[0].length,
        statements: statements.filter((name) => name === 'sign-in-candidate').length,
      };
    };
    const unknown = await seen('nobody@people.example');
    expect(await seen('south@people.example')).toEqual(unknown);
    expect(await seen('north@people.example')).toEqual(unknown);
    expect(unknown.page).not.toMatch(/The (?:north|south)/);
    log.stop();

    for (const name of ['north', 'south']) {
      const { party, flow } = await ask(`${name}@people.example`);
      const end = await party.browser.submit('#login-form', { password: PASSWORD });
      expect((await party.finish(flow, end)).claims['idp']).toBe(ids[name]);
    }
  });
});
