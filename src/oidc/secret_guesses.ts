import { LRUCache } from 'lru-cache';
import { errors } from 'oidc-provider';
import type { Database } from '../db/connection.ts';
import { isProvenSecret, rememberProvenSecret } from '../clients/proven_secrets_store.ts';
import { limitAmong } from '../security/attempt_limits.ts';
import type { Attempts } from '../security/attempts.ts';
import type { Sealer } from '../security/seal.ts';
import { sourceOf } from '../security/source_address.ts';
import { currentUnit } from '../sessions/unit_of_work.ts';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';

export type SecretGuesses = {
  /**
   * Evaluates a presented client secret as a guess: it is counted first, for the client and the source, unless this
   * very secret was right before from there.
   * @throws {TooManySecrets} while the source is blocked at this client; nothing was evaluated then.
   */
  check(
    snapshot: WorkspaceSnapshot,
    clientId: string,
    presented: string,
    fits: () => boolean,
  ): Promise<boolean>;
};

/** RFC 6585 §4. The error is the one that clients read as "later" (RFC 6749 §4.1.2.1). */
export class TooManySecrets extends errors.OIDCProviderError {
  override name = 'TooManySecrets';
  override error_description = 'too many wrong client secrets from this address, try again later';
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(429, 'temporarily_unavailable');
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const PURPOSE = 'client_secret_guesses';
/** About 200 bytes each. */
const MAX_PROVEN = 20_000;

/**
 * Counts guesses of client secrets. Failures count for one client at one source (for IPv6 its /64): whoever guesses
 * elsewhere locks nobody out, and people who mistype passwords at the same address neither.
 *
 * A secret that was right from a source is no guess when it comes from there again. It is remembered as a keyed hash,
 * by the process, so that a client at work costs no statement, and in the database, where a process that has just
 * begun finds it: the client goes on while somebody beside it guesses. It is still compared each time, so a rotated
 * secret ends when it ends.
 */
export function createSecretGuesses({
  db,
  attempts,
  sealer,
}: {
  readonly db: Pick<Database, 'knex'>;
  readonly attempts: Attempts;
  readonly sealer: Sealer;
}): SecretGuesses {
  const proven = new LRUCache<string, true>({ max: MAX_PROVEN });
  // Parallel requests of one client say the same: one guess, however many they are.
  const underway = new Map<string, Promise<boolean>>();

  async function count(
    snapshot: WorkspaceSnapshot,
    subject: string,
    proof: string,
    fits: () => boolean,
  ): Promise<boolean> {
    const kind = 'client_authentication';
    const attempt = { tenantId: snapshot.tenantId, poolId: snapshot.workspaceId, kind, subject } as const;
    const limit = limitAmong(snapshot.attemptLimits, kind);
    const outcome = await attempts.beginAttempt(db, { ...attempt, source: undefined }, limit);
    if (!outcome.allowed) {
      if ((await isProvenSecret(db.knex, snapshot, proof)) && fits()) return true;
      throw new TooManySecrets(outcome.retryAfterSeconds);
    }
    const right = fits();
    if (right) await rememberProvenSecret(db.knex, snapshot, proof, attempts.successPart(outcome.counted, 4));
    return right;
  }

  return {
    async check(snapshot, clientId, presented, fits) {
      const { tenantId, workspaceId } = snapshot;
      const { ip = '' } = currentUnit().origin;
      const subject = JSON.stringify([clientId, sourceOf(ip) ?? ip]);
      const guess = sealer.keyedHash(PURPOSE, JSON.stringify([tenantId, workspaceId, subject, presented]));
      if (proven.has(guess)) {
        if (fits()) return true;
        proven.delete(guess);
      }
      let counting = underway.get(guess);
      if (counting === undefined) {
        counting = count(snapshot, subject, guess, fits).finally(() => underway.delete(guess));
        underway.set(guess, counting);
      }
      const guessed = counting;
      const right = await currentUnit().asking(() => guessed);
      if (right) proven.set(guess, true);
      return right;
    },
  };
}
