import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser, type Page } from '../support/browser_without_javascript.ts';
import { messageCount, messagesTo } from '../support/mailbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type House, openHouse } from '../support/sign_in.ts';
import { type StatementLog, watchStatements } from '../support/statements.ts';

const workspaceId = 'alike';
const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const chosen = 'quiet otter crosses river';

let server: TestServer;
let house: House;
let log: StatementLog;

/** One name of one length for each kind of person: what is shown of a name is then the same. */
const people: Record<string, string> = { unknown: `k-nobody@${workspaceId}.example` };

beforeAll(async () => {
  server = await startTestServer({ SOURCE_ATTEMPT_LIMIT: '100000' });
  house = await openHouse(server, workspaceId, {
    publicRegistrationAllowed: true,
    authenticationMechanisms: ['password', 'email_otp', 'webauthn'],
    secondFactorAuthenticationMechanisms: ['totp'],
  });
  const add = async (kind: string, name: string, options: Parameters<House['person']>[1] = {}) => {
    const { userId, identifier } = await house.person(name, options);
    people[kind] = identifier;
    return userId;
  };
  await add('known', 'k-active', { totp: SECRET });
  await add('disabled', 'k-inactv', { status: 'inactive' });
  await add('new', 'k-invite', { status: 'new', password: false });
  await add('locked', 'k-locked');
  await house.passkey(await add('passkey-only', 'k-passky', { password: false }));
  for (let i = 0; i < 6; i += 1) {
    const { browser } = await house.visitor().then(async (app) => (await app.begin(), app));
    await browser.submit('#login-form', { identifier: people['locked'] ?? '', password: 'wrong' });
  }
  log = watchStatements();
});
afterAll(async () => {
  log.stop();
  await server.stop();
});

type Step = (browser: Browser, identifier: string) => Promise<Page>;

const atSignIn = async (way?: string): Promise<Browser> => {
  const app = await house.visitor();
  await app.begin();
  if (way !== undefined) await app.browser.follow(`#use-${way}`);
  return app.browser;
};
const atPage = (name: string) => async (): Promise<Browser> => {
  const browser = new Browser({ origin: server.publicUrl });
  await browser.open(`/default/identity/${house.scope.poolId}/${name}?server_id=${workspaceId}`);
  return browser;
};
const ask: Step = (browser, identifier) => browser.submit('#recover-form', { identifier });
const guess: Step = (browser) => browser.submit('#code-form', { code: '000000' });
const resend: Step = (browser) => browser.submit('#code-resend');
const register: Step = (browser, identifier) =>
  browser.submit('#register-form', {
    identifier,
    'payload.name': 'Ada L',
    'payload.given_name': 'Ada',
    'payload.family_name': 'L',
    new_password: chosen,
    new_password_repeat: chosen,
  });

/** Where each journey begins, what a stranger sends, and to whom a message goes. Registering comes last: it changes people. */
const JOURNEYS: [name: string, begin: () => Promise<Browser>, steps: Step[], told: string[]][] = [
  [
    'sign-in by password',
    atSignIn,
    [
      (browser, identifier) => browser.submit('#login-form', { identifier, password: 'wrong' }),
      (browser, identifier) => browser.submit('#login-form', { identifier, password: '' }),
    ],
    [],
  ],
  [
    'sign-in by code',
    () => atSignIn('email_otp'),
    [(browser, identifier) => browser.submit('#login-form', { identifier }), guess, resend],
    ['known', 'locked', 'passkey-only'],
  ],
  ['forgotten password', atPage('reset-password'), [ask, guess, resend], ['known', 'locked', 'passkey-only']],
  ['lost app', atPage('lost-totp'), [ask, guess, resend], ['known', 'locked', 'passkey-only']],
  ['lost passkey', atPage('lost-passkey'), [ask, guess, resend], ['known', 'locked', 'passkey-only']],
  ['activation, sent again', atPage('activate-resend'), [ask, guess, resend], ['new']],
  [
    'registration',
    atPage('register'),
    [register, guess, resend],
    ['known', 'disabled', 'new', 'locked', 'passkey-only'],
  ],
];

/** What differs in every answer, whoever asks. */
const masked = (text: string, identifier: string) =>
  text
    .replaceAll(identifier, '{identifier}')
    .replaceAll(encodeURIComponent(identifier), '{identifier}')
    .replaceAll(/nonce[=-]["']?[^"'; ]+/g, 'nonce')
    .replaceAll(/value="(?:h1|v1)\.[^"]+"/g, 'token')
    .replaceAll(/\/interaction\/[^/"?]+/g, '/interaction/{uid}')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')
    .replaceAll(/\b\d+ seconds?|data-(?:until|at|seconds)="[^"]+"|datetime="[^"]+"/g, '{time}');

/** Header by header; of cookies the name and the attributes. */
const headersOf = ({ headers }: Page, identifier: string) =>
  Object.entries(headers)
    .filter(([name]) => !['date', 'x-request-id', 'content-length', 'etag'].includes(name))
    .map(([name, value]) => {
      const values = [value ?? ''].flat().map((one) => masked(one, identifier));
      return [
        name,
        name === 'set-cookie' ? values.map((one) => one.replaceAll(/=[^;]*/g, '')) : values,
      ] as const;
    });

type Seen = {
  readonly status: number;
  readonly path: string;
  readonly headers: ReturnType<typeof headersOf>;
  readonly body: string;
  readonly hashes: number;
  readonly statements: string[];
  readonly counted: number;
};

async function observe(begin: () => Promise<Browser>, steps: Step[], identifier: string): Promise<Seen[]> {
  const browser = await begin();
  const seen: Seen[] = [];
  for (const step of steps) {
    const hashes = server.server.hashing().total;
    const { result, statements } = await log.during(() => step(browser, identifier));
    seen.push({
      status: result.status,
      path: masked(result.url.pathname + (result.stoppedAt?.href ?? ''), identifier),
      headers: headersOf(result, identifier),
      body: masked(result.body, identifier),
      hashes: server.server.hashing().total - hashes,
      // A message that goes nowhere is a statement too.
      statements: statements.map((text) => (/^insert into "?outbox/i.test(text) ? 'outbox' : text)),
      counted: statements.length,
    });
  }
  return seen;
}

/** A name that is taken is written and taken back: as many statements as for a free one, and not the same. */
const comparable = (seen: Awaited<ReturnType<typeof observe>>, journey: string) =>
  journey === 'registration' ? seen.map((one) => ({ ...one, statements: [] })) : seen;

/** Rule 17, journey by journey: security.md T-201, T-205 to T-209. */
describe('what a stranger can learn on any journey', () => {
  test.each(JOURNEYS)('%s: nothing but what everybody is told', async (name, begin, steps, told) => {
    const warm = `k-warmup@${workspaceId}.example`;
    await observe(begin, steps, warm);
    const unknown = await observe(begin, steps, people['unknown'] ?? '');
    for (const [kind, identifier] of Object.entries(people).filter(([one]) => one !== 'unknown')) {
      const before = { all: await messageCount(server), own: (await messagesTo(server, identifier)).length };
      expect(comparable(await observe(begin, steps, identifier), name), `${name}, ${kind}`).toEqual(
        comparable(unknown, name),
      );
      const own = (await messagesTo(server, identifier)).length - before.own;
      expect(own, `${name}: messages to ${kind}`).toBe(told.includes(kind) ? 1 : 0);
      expect(await messageCount(server)).toBe(before.all + own);
    }
  });
});
