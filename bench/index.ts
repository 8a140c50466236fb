import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { hashPassword, verifyPassword } from '../src/credentials/hashers/index.ts';
import { createVisitor, type Visitor } from './visitor.ts';
import { startBenchServer } from './server.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '8' },
  },
});
const seconds = Number(values.seconds);
const concurrency = Number(values.concurrency);

type Rate = { perSecond: number; p50: number; p95: number; count: number };

/** Repeats `operation` for some seconds, `parallel` at a time; durations in milliseconds. */
async function measure(parallel: number, operation: (worker: number) => Promise<unknown>): Promise<Rate> {
  const durations: number[] = [];
  const end = performance.now() + seconds * 1000;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: parallel }, async (_, worker) => {
      while (performance.now() < end) {
        const begun = performance.now();
        await operation(worker);
        durations.push(performance.now() - begun);
      }
    }),
  );
  durations.sort((a, b) => a - b);
  const at = (share: number) => durations[Math.floor(durations.length * share)] ?? 0;
  return {
    perSecond: durations.length / ((performance.now() - started) / 1000),
    p50: at(0.5),
    p95: at(0.95),
    count: durations.length,
  };
}

function report(what: string, rate: Rate, bare?: Rate): void {
  const share = bare
    ? `   ${Math.round((100 * rate.perSecond) / bare.perSecond)} % of the bare hash rate`
    : '';
  console.log(
    `${what.padEnd(34)} ${rate.perSecond.toFixed(1).padStart(8)} /s   p50 ${rate.p50.toFixed(1).padStart(6)} ms   p95 ${rate.p95.toFixed(1).padStart(6)} ms${share}`,
  );
}

const hash = await hashPassword('a password to measure with');
const bare = await measure(availableParallelism(), () => verifyPassword('a password to measure with', hash));
report('argon2 checks, nothing around them', bare);

const server = await startBenchServer();
try {
  const visitors: Visitor[] = [];
  for (let worker = 0; worker < concurrency; worker += 1) {
    visitors.push(createVisitor(server, server.people[worker % server.people.length] as string));
  }
  const each = (operation: (visitor: Visitor) => Promise<unknown>) =>
    measure(concurrency, (worker) => operation(visitors[worker] as Visitor));

  await Promise.all(visitors.map((visitor) => visitor.signIn()));
  report('sign-in, code, token, userinfo', await each((visitor) => visitor.signIn()), bare);
  report('SSO (prompt=none), up to the code', await each((visitor) => visitor.sso()));
  report('refresh, rotating', await each((visitor) => visitor.refresh()));
  report('userinfo', await each((visitor) => visitor.userinfo()));
  report('introspection', await each((visitor) => visitor.introspect()));
  report('client credentials, JWT', await each((visitor) => visitor.clientCredentials()));
  report('discovery', await each((visitor) => visitor.discovery()));
} finally {
  await server.stop();
}
