import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiRoutes } from '../../src/api/index.ts';
import { isRefusedParameter } from './deviations.ts';
import { Ledger } from './ledger.ts';
import { allowedCaller, provokeRefusals } from './refusals.ts';
import { requestFor, type Things } from './requests.ts';
import { idleExclusions, isInScope } from './scope.ts';
import { hasSpec, readOperations, type Operation } from './spec.ts';
import { createThings } from './things.ts';
import { walk } from './walk/index.ts';
import { createWorld, type World } from './world.ts';

const described = readOperations();
const operations = described.filter(isInScope);
const ledger = new Ledger(operations);
/** A path whatever its parameters are called. */
const shapeOf = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}');
const routeOf = ({ method, path }: Operation) =>
  apiRoutes.find((one) => one.method === method && shapeOf(one.path) === shapeOf(path));
let world: World;
let things: Things;

beforeAll(async () => {
  // A mail server of the test stands at this address.
  world = await createWorld(ledger, { OUTBOUND_ALLOW_HOSTS: '127.0.0.1' });
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
    const missing = ledger.missing().map((status) => `not provoked: ${status}\n`);
    process.stdout.write(missing.join(''));
    for (const [api, documented] of [
      ['identity', 133],
      ['configuration', 74],
    ] as const) {
      const isCounted = ({ spec }: Operation) => (spec === 'admin') === (api === 'configuration');
      const { operations: n, ofOperations, statuses, ofStatuses } = ledger.totals(isCounted);
      process.stdout.write(`${api}: operations ${n}/${ofOperations}, statuses ${statuses}/${ofStatuses}\n`);
      expect(n).toBe(ofOperations);
      expect(statuses).toBeGreaterThanOrEqual(ofStatuses * 0.9);
      expect(ofOperations).toBe(hasSpec() ? documented : 0);
    }
  });

  it('finds every parameter of a query understood', () => {
    const understood = (operation: Operation): readonly string[] =>
      Object.keys((routeOf(operation)?.query as { shape?: object } | undefined)?.shape ?? {});
    const strange = operations.flatMap((operation) =>
      operation.queries
        .filter((name) => !understood(operation).includes(name))
        .map((name) => `${operation.key} ${name}`),
    );
    expect(strange.filter((parameter) => !isRefusedParameter(parameter))).toEqual([]);
  });

  it('leaves out what the table of exclusions names, and nothing by mistake', () => {
    expect(hasSpec() ? idleExclusions(described) : []).toEqual([]);
    const configuration = described.filter(({ spec }) => spec === 'admin');
    expect(
      configuration.filter((one) => isInScope(one) !== (routeOf(one) !== undefined)).map(({ key }) => key),
    ).toEqual([]);
  });
});
