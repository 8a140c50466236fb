import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { LRUCache } from 'lru-cache';
import type { HtmlValue } from './html.ts';
import type { SignedIn, SignInAttempt } from './relying_party.ts';

const MAX_VISITS = 500;
const IDLE_MS = 8 * 60 * 60 * 1000;
/** Tabs in which one person may be signing in at the same time. */
const MAX_ATTEMPTS = 5;

/** Said once, on the next page. */
export type Notice = { readonly tone: 'good' | 'warn'; readonly title: string; readonly text: HtmlValue };

/** One browser at this application. */
export type Visit = {
  /** Sign-ins under way, by `state`. */
  readonly attempts: Map<string, SignInAttempt>;
  signedIn?: SignedIn | undefined;
  notice?: Notice | undefined;
  /** The `state` of a sign-out under way. */
  leaving?: string | undefined;
  /** What is done for this browser is done in order: a refresh token is good for one use. */
  queue: Promise<unknown>;
};

export type Visits = ReturnType<typeof createVisits>;

/** Keeps who is signed in, in memory, behind a random cookie. Full or idle for 8 hours, it forgets. */
export function createVisits(cookieName: string) {
  const visits = new LRUCache<string, Visit>({ max: MAX_VISITS, ttl: IDLE_MS, updateAgeOnGet: true });

  const open = (ctx: Context, visit: Visit): Visit => {
    const id = randomBytes(32).toString('base64url');
    visits.set(id, visit);
    // No `secure`: this application is reached at http://localhost.
    ctx.cookies.set(cookieName, id, { httpOnly: true, sameSite: 'lax', path: '/', signed: false });
    return visit;
  };

  return {
    find(ctx: Context): Visit | undefined {
      return visits.get(ctx.cookies.get(cookieName) ?? '');
    },

    findOrOpen(ctx: Context): Visit {
      return this.find(ctx) ?? open(ctx, { attempts: new Map(), queue: Promise.resolve() });
    },

    /** Gives the visit a new cookie: whoever knew the old one before the sign-in has no part in it. */
    renew(ctx: Context, visit: Visit): void {
      visits.delete(ctx.cookies.get(cookieName) ?? '');
      open(ctx, visit);
    },
  };
}

/** Remembers a sign-in that begins; the oldest of too many is forgotten. */
export function rememberAttempt(visit: Visit, attempt: SignInAttempt): void {
  visit.attempts.set(attempt.state, attempt);
  const [oldest] = visit.attempts.keys();
  if (visit.attempts.size > MAX_ATTEMPTS && oldest !== undefined) visit.attempts.delete(oldest);
}

/** Gives a sign-in that began in this browser, once. */
export function takeAttempt(visit: Visit | undefined, state: string | null): SignInAttempt | undefined {
  const attempt = visit?.attempts.get(state ?? '');
  if (attempt) visit?.attempts.delete(attempt.state);
  return attempt;
}

/** Runs the task when everything begun earlier for this browser has ended. */
export function inOrder<Result>(visit: Visit, task: () => Promise<Result>): Promise<Result> {
  const result = visit.queue.then(task);
  visit.queue = result.catch(() => undefined);
  return result;
}
