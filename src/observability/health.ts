import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../db/connection.ts';
import { databaseAnswers } from '../db/status.ts';

export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly reason: 'starting' | 'draining' | 'database' };

/** What `/livez` and `/readyz` tell. Alive is whoever answers: only readiness looks at the database. */
export type Health = {
  /** Start-up is over. */
  started(): void;
  /** From now on not ready, for good. */
  drain(): void;
  readonly draining: boolean;
  readiness(): Promise<Readiness>;
};

const CHECK_TIMEOUT_MS = 1_500;
// Many probes at once cost one statement.
const REMEMBER_MS = 500;

export function createHealth(db: Pick<Database, 'knex'>): Health {
  let state: 'starting' | 'serving' | 'draining' = 'starting';
  let checked: { at: number; result: Promise<boolean> } | undefined;

  const answers = () => {
    if (!checked || Date.now() - checked.at > REMEMBER_MS) checked = { at: Date.now(), result: ping(db) };
    return checked.result;
  };

  return {
    started: () => {
      if (state === 'starting') state = 'serving';
    },
    drain: () => {
      state = 'draining';
    },
    get draining() {
      return state === 'draining';
    },
    readiness: async () => {
      if (state !== 'serving') return { ready: false, reason: state };
      return (await answers()) ? { ready: true } : { ready: false, reason: 'database' };
    },
  };
}

async function ping(db: Pick<Database, 'knex'>): Promise<boolean> {
  return await Promise.race([databaseAnswers(db.knex), sleep(CHECK_TIMEOUT_MS, false, { ref: false })]);
}
