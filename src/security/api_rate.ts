import { LRUCache } from 'lru-cache';

/** How long a caller has to wait; undefined when it may go on. */
export type ApiRate = (caller: string) => number | undefined;

type Bucket = { tokens: number; at: number };

// Bounded (rule 35). A caller that falls out starts with a full bucket, which costs one more minute's worth.
const MAX_CALLERS = 10_000;
const SECONDS = 60;

/**
 * Bounds what one caller may ask of the APIs, so that a script that has run away does not take the sign-ins with
 * it. A token bucket for each caller, in this process alone: no statement a request, and as many times the limit
 * as there are processes.
 * @param perMinute requests a minute and at once; 0: no limit.
 * @returns whole seconds until the next request is taken.
 */
export function createApiRate(perMinute: number, now = () => performance.now()): ApiRate {
  if (perMinute === 0) return () => undefined;
  const buckets = new LRUCache<string, Bucket>({ max: MAX_CALLERS });
  const perMs = perMinute / (SECONDS * 1000);
  return (caller) => {
    const at = now();
    const bucket = buckets.get(caller) ?? { tokens: perMinute, at };
    bucket.tokens = Math.min(perMinute, bucket.tokens + (at - bucket.at) * perMs);
    bucket.at = at;
    buckets.set(caller, bucket);
    if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perMs / 1000));
    bucket.tokens -= 1;
    return undefined;
  };
}
