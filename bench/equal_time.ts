import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startBenchServer } from './server.ts';
import { createVisitor, type Visitor } from './visitor.ts';

const { values } = parseArgs({ options: { samples: { type: 'string', default: '200' } } });
const samples = Number(values.samples);

/** S-BF-05: closer than this, and than a tenth of the slower one, nobody can be told from nobody. */
const LIMIT_MS = 5;
const LIMIT_SHARE = 0.1;

const median = (durations: number[]): number => {
  const sorted = durations.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** By turns, so that each name stays below every limit that counts by person. */
const TRIES_EACH = 4;
const WARM_UP = 10;
const known = (turn: number) => server.people[turn % server.people.length] ?? '';
/** As many as there are of the known, as long, and asked for as often. */
const unknown = (turn: number) => known(turn).replace('person', 'nobody');

type Side = {
  readonly name: string;
  readonly identifier: (turn: number) => string;
  readonly durations: number[];
};

/** Asks both sides one after the other, in an order that is drawn each time; durations in milliseconds. */
async function compare(what: string, operation: (visitor: Visitor) => Promise<number>) {
  const sides: Side[] = [
    { name: 'known', identifier: known, durations: [] },
    { name: 'unknown', identifier: unknown, durations: [] },
  ];
  for (let turn = 0; turn < samples + WARM_UP; turn += 1) {
    const order = randomInt(2) === 0 ? sides : sides.toReversed();
    for (const { identifier, durations } of order) {
      const visitor = createVisitor(server, identifier(turn), `127.0.${turn % 200}.7`);
      const took = await operation(visitor);
      if (turn >= WARM_UP) durations.push(took);
    }
  }
  const [one = 0, other = 0] = sides.map(({ durations }) => median(durations));
  const apart = Math.abs(one - other);
  const isEqual = apart < LIMIT_MS && apart < LIMIT_SHARE * Math.max(one, other);
  console.log(
    `${what.padEnd(24)} known ${one.toFixed(1).padStart(6)} ms   unknown ${other.toFixed(1).padStart(6)} ms   apart ${apart.toFixed(2).padStart(5)} ms   ${isEqual ? 'equal' : 'NOT EQUAL'}`,
  );
  return isEqual;
}

const server = await startBenchServer();
try {
  if (samples + WARM_UP > TRIES_EACH * server.people.length)
    throw new Error(`--samples: at most ${TRIES_EACH * server.people.length - WARM_UP}`);
  const equal = [
    await compare('wrong password', (visitor) => visitor.wrongPassword()),
    await compare('forgotten password', (visitor) => visitor.forgottenPassword()),
  ];
  if (equal.includes(false)) process.exitCode = 1;
} finally {
  await server.stop();
}
