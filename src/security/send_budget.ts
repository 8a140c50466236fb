import type { Knex } from 'knex';
import type { Sealer } from './seal.ts';
import { countOnEach } from './send_budget_store.ts';
import { sourceOf } from './source_address.ts';

/** A message that somebody asks for, and who pays for it. */
export type Sending = {
  readonly tenantId: string;
  readonly poolId: string;
  /** What kind of message: each has a budget of its own at an address. */
  readonly kind: string;
  /** The address it would go to; for an unknown person what was typed, which counts in the same way. */
  readonly address: string;
  readonly user: string;
  /** Whether there is anybody to write to: what goes nowhere does not use up the budget of the pool. */
  readonly goesOut: boolean;
  /** Undefined for a trusted backend and for an administrator. */
  readonly source: string | undefined;
  /** An administrator resends by hand, and is no stranger: more for one address, nothing on the pool. */
  readonly byAdministrator: boolean;
};

export type SendBudget = {
  /** Counts the message and tells whether it may go out. One statement, whatever it finds, committed at once. */
  take(knex: Knex, sending: Sending): Promise<boolean>;
};

const WINDOW_SECONDS = 60 * 60;
// Messages an hour (S-OTP-07). An address hears of one matter a few times; a pool's own bound stops a flood that
// walks through all of its people.
const PER_ADDRESS = 5;
const PER_ADDRESS_BY_ADMINISTRATOR = 20;
const PER_USER = 30;
const PER_SOURCE = 100;
const PER_POOL = 10_000;
const HASH_PURPOSE = 'send_budget';

/** How many messages may be asked for: by address, person, source and pool, in the one table of counters. */
export function createSendBudget(sealer: Sealer): SendBudget {
  const key = (...parts: string[]) => sealer.keyedHash(HASH_PURPOSE, JSON.stringify(parts));
  return {
    async take(knex, { tenantId, poolId, kind, address, user, goesOut, source, byAdministrator }) {
      const who = byAdministrator ? 'administrator' : 'anybody';
      const perAddress = byAdministrator ? PER_ADDRESS_BY_ADMINISTRATOR : PER_ADDRESS;
      const limits: [string, number][] = [
        [key('address', who, tenantId, poolId, kind, address), perAddress],
        [key('user', who, tenantId, poolId, user), PER_USER],
      ];
      if (!byAdministrator) limits.push([key(goesOut ? 'pool' : 'nobody', tenantId, poolId), PER_POOL]);
      if (source !== undefined)
        limits.push([key('source', tenantId, sourceOf(source) ?? source), PER_SOURCE]);
      const counted = await countOnEach(
        knex,
        tenantId,
        limits.map(([name]) => ({ key: name, windowSeconds: WINDOW_SECONDS })),
      );
      return limits.every(([name, most]) => (counted.get(name) ?? 0) <= most);
    },
  };
}
