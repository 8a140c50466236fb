import { LRUCache } from 'lru-cache';
import type { Database } from '../db/connection.ts';
import { type AttemptLimit, defaultLimit, type ProtectedType } from './attempts.ts';
import { type ChosenLimits, readChosenLimits } from './attempt_limits_store.ts';

export type AttemptLimits = {
  /** How often a kind of guess may fail in a row in this tenant: as the tenant has set it, else the default. */
  limitFor(tenantId: string, kind: ProtectedType): Promise<AttemptLimit>;
  /** What this process remembers of a tenant is read again: its limits have changed. */
  forget(tenantId: string): void;
};

/** Every change shows in every process within 2 s (design 4.15). */
const KNOWN_FOR_MS = 1_500;
const MAX_TENANTS = 1_000;

/** The limits of all tenants, read at most every 1.5 s for each. */
export function createAttemptLimits({ db }: { db: Pick<Database, 'knex'> }): AttemptLimits {
  const known = new LRUCache<string, Promise<ChosenLimits>>({ max: MAX_TENANTS, ttl: KNOWN_FOR_MS });

  function chosenBy(tenantId: string): Promise<ChosenLimits> {
    const remembered = known.get(tenantId);
    if (remembered !== undefined) return remembered;
    const reading = readChosenLimits(db.knex, { tenantId });
    known.set(tenantId, reading);
    // A failure is the answer of this request only.
    reading.catch(() => known.peek(tenantId) === reading && known.delete(tenantId));
    return reading;
  }

  return {
    limitFor: async (tenantId, kind) => limitAmong(await chosenBy(tenantId), kind),
    forget: (tenantId) => void known.delete(tenantId),
  };
}

/** The limit of one kind among what a tenant has set. */
export const limitAmong = (chosen: ChosenLimits, kind: ProtectedType): AttemptLimit =>
  chosen[kind] ?? defaultLimit(kind);
