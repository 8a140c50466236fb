import { parseArgs } from 'node:util';
import { Browser } from '../test/support/browser_without_javascript.ts';
import { startBenchServer } from './server.ts';

// What a stranger can learn from how long an answer takes: nothing, where the medians of people who are there and of
// people who are not are as far apart as those of two halves of the same people.
const { values } = parseArgs({ options: { samples: { type: 'string', default: '200' } } });
const SAMPLES = Number(values.samples);
/**
 * S-BF-05: closer than this, and than a tenth of the slower one, nobody can be told from nobody; nor closer than what
 * two halves of the same people are apart on a busy machine, twice.
 */
const LIMIT_MS = 5;
const LIMIT_SHARE = 0.1;
const PASSWORD = 'nine calm boats drift north';

// Each sample comes from an address of its own: one source that asks so often is slowed down whomever it asks for.
const server = await startBenchServer({ TRUST_PROXY: '127.0.0.1/32', API_RATE_LIMIT: '0' });
const { origin } = new URL(server.issuer);

type Kind = 'known' | 'unknown';
type Journey = {
  readonly name: string;
  /** Opens the page; gives what sends its form, which is measured. */
  readonly prepare: (browser: Browser, identifier: string) => Promise<() => Promise<unknown>>;
};

const authorize = `${server.issuer.replace('/demo', '/front')}/oauth2/authorize?${new URLSearchParams({
  client_id: 'front',
  response_type: 'code',
  scope: 'openid',
  redirect_uri: server.redirectUri,
  code_challenge: 'a'.repeat(43),
  code_challenge_method: 'S256',
}).toString()}`;
const page = (name: string) => `${origin}/default/identity/front/${name}?server_id=front`;

const JOURNEYS: readonly Journey[] = [
  {
    name: 'sign-in, a wrong password',
    prepare: async (browser, identifier) => {
      await browser.open(authorize);
      return () => browser.submit('#login-form', { identifier, password: 'not the password' });
    },
  },
  {
    name: 'sign-in, a code by mail',
    prepare: async (browser, identifier) => {
      await browser.open(authorize);
      await browser.follow('#use-email_otp');
      return () => browser.submit('#login-form', { identifier });
    },
  },
  {
    name: 'a forgotten password',
    prepare: async (browser, identifier) => {
      await browser.open(page('reset-password'));
      return () => browser.submit('#recover-form', { identifier });
    },
  },
  {
    name: 'a registration',
    prepare: async (browser, identifier) => {
      await browser.open(page('register'));
      const person = { 'payload.name': 'A B', 'payload.given_name': 'A', 'payload.family_name': 'B' };
      const password = { new_password: PASSWORD, new_password_repeat: PASSWORD };
      return () => browser.submit('#register-form', { identifier, ...person, ...password });
    },
  },
];

let source = 0;
/** An address that nobody has asked from. */
const nextSource = () => {
  source += 1;
  return `10.${source >> 16}.${(source >> 8) & 255}.${source & 255}`;
};

async function sample({ prepare }: Journey, identifier: string): Promise<number> {
  const browser = new Browser({ origin, headers: { 'x-forwarded-for': nextSource() } });
  const send = await prepare(browser, identifier);
  const begun = performance.now();
  await send();
  return performance.now() - begun;
}

const median = (durations: readonly number[]): number =>
  durations.toSorted((a, b) => a - b)[Math.floor(durations.length / 2)] ?? 0;

try {
  await populate();
  console.log(`medians of ${SAMPLES} samples each, in milliseconds`);
  console.log(`${''.padEnd(28)}    known  unknown    apart  two halves of the known`);
  for (const [at, journey] of JOURNEYS.entries()) {
    const durations: Record<Kind, number[]> = { known: [], unknown: [] };
    for (let n = 0; n < 10; n += 1) await sample(journey, `warm-${at}-${n}@front.example`);
    for (let n = 0; n < SAMPLES; n += 1) {
      // One after the other in turn, so that what else the machine does meets both.
      const kinds: Kind[] = n % 2 === 0 ? ['known', 'unknown'] : ['unknown', 'known'];
      for (const kind of kinds) {
        durations[kind].push(await sample(journey, `${kind}-${at}-${n}@front.example`));
      }
    }
    const [known, unknown] = [median(durations.known), median(durations.unknown)];
    const half = (odd: number) => median(durations.known.filter((_, index) => index % 2 === odd));
    const [apart, noise] = [Math.abs(known - unknown), Math.abs(half(0) - half(1))];
    const isEqual = apart < LIMIT_MS && apart < Math.max(LIMIT_SHARE * Math.max(known, unknown), 2 * noise);
    if (!isEqual) process.exitCode = 1;
    const cells = [known, unknown, apart, noise].map((cell) => cell.toFixed(2).padStart(8)).join(' ');
    console.log(`${journey.name.padEnd(28)} ${cells}   ${isEqual ? 'equal' : 'NOT EQUAL'}`);
  }
} finally {
  await server.stop();
}

/** A pool that takes registrations, with people of each journey's own. */
async function populate(): Promise<void> {
  const answer = await fetch(`${server.adminIssuer}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`management:${server.managementSecret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const post = async (path: string, body: object) => {
    const response = await fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  };
  const pools = '/api/identity/default/admin/pools';
  await post(pools, {
    id: 'front',
    name: 'Front',
    authentication_mechanisms: ['password', 'email_otp'],
    public_registration_allowed: true,
  });
  await post('/api/admin/default/servers', { id: 'front', name: 'Front' });
  await post('/api/admin/default/servers/front/idps/identity_pool', {
    name: 'Front',
    identity_pool_id: 'front',
  });
  await post('/api/admin/default/clients', {
    authorization_server_id: 'front',
    client_id: 'front',
    redirect_uris: [server.redirectUri],
  });
  for (const at of JOURNEYS.keys()) {
    for (let n = 0; n < SAMPLES; n += 1) {
      const address = `known-${at}-${n}@front.example`;
      await post(`${pools}/front/users`, {
        status: 'active',
        payload: { name: 'A B', given_name: 'A', family_name: 'B' },
        identifiers: [{ type: 'email', identifier: address }],
        verifiable_addresses: [{ type: 'email', address, verified: true }],
        credentials: [{ type: 'password', password: PASSWORD }],
      });
    }
  }
}
