import { afterAll, beforeAll, expect, test } from 'vitest';
import { Browser } from '../support/browser_without_javascript.ts';
import { SYSTEM_ACTOR } from '../support/demo.ts';
import { latestMessage } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type House, openHouse } from '../support/sign_in.ts';
import { type StatementLog, watchStatements } from '../support/statements.ts';

let server: TestServer;
let house: House;
let log: StatementLog;
beforeAll(async () => {
  server = await startTestServer();
  log = watchStatements();
  house = await openHouse(server, 'verify', {});
});
afterAll(async () => {
  log.stop();
  await server.stop();
});

const page = () => `/default/identity/${house.scope.poolId}/verify-address?server_id=${house.id}`;

/** Somebody with an unproven second address, and the code that went there. */
async function invited(name: string) {
  const identifier = `${name}@verify.example`;
  const address = `${name}.second@verify.example`;
  const user = await server.elsewhere.users.create(
    house.scope,
    {
      status: 'active',
      payload: { name: 'Test Person', given_name: 'Test', family_name: 'Person' },
      identifiers: [{ type: 'email', identifier }],
      addresses: [{ type: 'email', address, verified: false }],
    },
    SYSTEM_ACTOR,
  );
  const scope = { ...house.scope, userId: user.id };
  const request = { form: 'link', workspaceId: house.id, by: SYSTEM_ACTOR, source: undefined } as const;
  await server.elsewhere.addressVerification.requestFor(scope, address, request);
  const { code = '' } = await latestMessage(server, address);
  const isProven = async () => (await server.elsewhere.users.get(scope)).addresses[0]?.verified;
  return { identifier, address, code, isProven };
}

async function visitor() {
  const browser = new Browser({ origin: server.publicUrl });
  await browser.open(page());
  return browser;
}

const spaced = (code: string) => ` ${code.slice(0, 3)} ${code.slice(3)} `;

test('the code of the message is typed on any device, without a session', async () => {
  const { identifier, address, code, isProven } = await invited('mara');
  const browser = await visitor();
  const missing = await browser.submit('#code-form', { identifier, address });
  expect(missing.document.query('#code-error')).toBeDefined();
  expect(missing.document.valueOf('address')).toBe(address);
  const wrong = await browser.submit('#code-form', { identifier, address, code: '000 000' });
  expect(wrong.document.query('[role=alert]')).toBeDefined();
  expect(await isProven()).toBe(false);
  const done = await browser.submit('#code-form', { identifier, address, code: spaced(code) });
  expect(done.document.query('[data-done=address_verified]')).toBeDefined();
  expect(await isProven()).toBe(true);
  // Used up.
  const again = await visitor();
  const used = await again.submit('#code-form', { identifier, address, code });
  expect(used.document.query('[data-done=address_verified]')).toBeUndefined();
});

test('nobody learns by it who is known, or what addresses they have', async () => {
  const { identifier, address, code, isProven } = await invited('ines');
  const other = await invited('omar');
  const observe = async (fields: Record<string, string>) => {
    const browser = await visitor();
    const filled = { code: '123 456', ...fields };
    const sent = await log.during(() => browser.submit('#code-form', filled));
    const { status, document } = sent.result;
    return { status, text: document.text, statements: sent.statements };
  };
  const unknown = await observe({ identifier: 'nobody@verify.example', address: 'none@verify.example' });
  expect(unknown.statements.length).toBeGreaterThan(3);
  expect(await observe({ identifier, address })).toEqual(unknown);
  expect(await observe({ identifier, address: 'none@verify.example' })).toEqual(unknown);
  // The code of one opens nothing of another.
  expect(await observe({ identifier, address: other.address, code: other.code })).toEqual(unknown);
  expect(await observe({ identifier: other.identifier, address, code })).toEqual(unknown);
  expect(await isProven()).toBe(false);
});

test('the field of a code has as many ticks as the codes of the pool have digits', async () => {
  const { knex } = server.db;
  const settings = { verify_address: { length: 8, ttlSeconds: 3600 } };
  const change = knex.raw('otp_settings || ?::jsonb', [JSON.stringify(settings)]);
  await knex('pools').where({ pool_id: house.scope.poolId }).update({ otp_settings: change });
  const { document } = await visitor().then((browser) => browser.open(page()));
  expect(document.attribute('#code', 'class')).toBe('code digits-8');
});
