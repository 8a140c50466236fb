import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';
import { allowedCaller, provokeRefusals } from './refusals.ts';
import { requestFor, type Things } from './requests.ts';
import { hasSpec, readOperations } from './spec.ts';
import { createThings } from './things.ts';
import { walk } from './walk/index.ts';
import { createWorld, type World } from './world.ts';

const operations = readOperations();
const ledger = new Ledger(operations);
let world: World;
let things: Things;

beforeAll(async () => {
  world = await createWorld(ledger);
  things = await createThings(world);
});
afterAll(() => world.server.stop());

/** The walk goes on its own account; what is answered is held against the description where that is there. */
describe.each(walk)('$name', ({ steps }) => {
  it.each(steps)('$name', async ({ go }) => go(world));
});

describe('the description', () => {
  it('has every operation refuse what any of them refuses', async () => {
    for (const operation of operations) await provokeRefusals(world, operation, things);
  }, 120_000);

  it('has its rate limit everywhere', async () => {
    const slow = await createWorld(ledger, { API_RATE_LIMIT: '1' });
    try {
      for (const operation of operations) {
        const call = requestFor(operation, things);
        const caller = allowedCaller(operation);
        await slow.call(caller, call);
        expect((await slow.call(caller, call)).status, operation.key).toBe(429);
      }
    } finally {
      await slow.server.stop();
    }
  });

  it('is kept: every answer has a documented status and the described body', () => {
    expect(ledger.problems).toEqual([]);
    expect(ledger.staleDeviations()).toEqual([]);
  });

  it('is walked: all operations, nine in ten of the statuses', () => {
    const { operations: n, ofOperations, statuses, ofStatuses } = ledger.totals();
    const lines = [
      `operations ${n}/${ofOperations}, statuses ${statuses}/${ofStatuses}`,
      ...ledger.missing().map((status) => `not provoked: ${status}`),
    ];
    process.stdout.write(`${lines.join('\n')}\n`);
    expect(n).toBe(ofOperations);
    expect(statuses).toBeGreaterThanOrEqual(ofStatuses * 0.9);
    expect(ofOperations).toBe(hasSpec() ? 133 : 0);
  });
});
