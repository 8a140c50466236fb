import type { Knex } from 'knex';
import { codeIdOf, type CodeType } from '../../credentials/codes.ts';
import {
  consumeCode,
  findByExtended,
  findCode,
  giveTryBack,
  type OpenCode,
} from '../../credentials/codes_check.ts';
import { inTransaction } from '../../db/transaction.ts';
import { DomainError, notFound, unauthorized } from '../../domain_error.ts';
import type { Actor, AuditEvent } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { CountedPool, PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import type { ProtectedType } from '../../security/attempts.ts';
import type { Sealer } from '../../security/seal.ts';
import { countGuess, type GuessDeps } from './guess.ts';
import { isEmptyKey, lookupKeysOf, type KnownUser, type LookupKeys, type UserKey } from '../user_key.ts';
import { findCodeOwner, findKnownUser } from '../known_user_store.ts';

export type ProveCodeDeps = GuessDeps & { readonly sealer: Sealer };

/** Somebody presents a code, to do what it is good for. */
export type CodeProof = {
  readonly code: string;
  /** `undefined`: of any type, for whoever only looks; then the long form is needed. */
  readonly type: CodeType | undefined;
  readonly key: UserKey;
  readonly flow?: string | undefined;
  /** Which counter the try counts at (contract 3.2). */
  readonly counts: ProtectedType;
  /** Whether a person in this state may use it; everybody else gets the answer to a wrong code. */
  readonly mayUse: (known: KnownUser) => boolean;
  readonly by: Actor;
  readonly source: string | undefined;
};

/** The code was right, and is still there. */
export type Proven = {
  readonly pool: CountedPool;
  readonly known: KnownUser;
  readonly code: OpenCode;
  /** Uses the code up and forgets the failures before it: the first thing the transaction of the effect does. */
  readonly consume: (tx: Knex.Transaction) => Promise<void>;
  /** Forgets the failures before it and leaves the code, for whoever only looks. */
  readonly settle: (tx: Knex.Transaction) => Promise<void>;
};

/**
 * Proves a code and does with it what `effect` says. The try counts at the account and at the code before it is
 * looked at (rule 5). Unknown person, wrong, expired, dead or used code, wrong state: one 401 after the same
 * statements. When `effect` refuses for another reason, the code and the counters are as before.
 */
export async function withProvenCode<T>(
  deps: ProveCodeDeps,
  scope: PoolScope,
  proof: CodeProof,
  effect: (proven: Proven) => Promise<T>,
): Promise<T> {
  const { db, attempts } = deps;
  const pool = (await findPool(db.knex, scope)) ?? absentPool();
  const keys = await keysOf(deps, scope, pool, proof);
  const known = await findKnownUser(db.knex, scope, keys);
  const guess = { kind: proof.counts, subject: subjectOf(proof, known, keys), source: proof.source };
  const counted = await countGuess(deps, scope, guess);
  const code = await lookAt(deps, scope, proof, known, keys);
  if (code === undefined || known === undefined || !proof.mayUse(known)) {
    await inTransaction(db, (tx) => recordAudit(tx, scope, proof.by, refusal(scope, proof, known)));
    throw refused();
  }
  const settle = (tx: Knex.Transaction) => attempts.succeedAttempt(tx, counted);
  const consume = async (tx: Knex.Transaction): Promise<void> => {
    if (!(await consumeCode(tx, scope, code))) throw refused();
    await settle(tx);
  };
  try {
    return await effect({ pool, known, code, consume, settle });
  } catch (error) {
    if (!(error instanceof DomainError && error.kind === 'unauthorized')) {
      await giveTryBack(db.knex, scope, code);
      await attempts.withdrawAttempt(db.knex, counted);
    }
    throw error;
  }
}

/** The one answer to a code that does nothing, whatever the reason. */
export const refused = (): DomainError => unauthorized('The code is wrong or has expired', 'code_refused');

async function keysOf(
  { db }: ProveCodeDeps,
  scope: PoolScope,
  pool: CountedPool,
  { key, code }: CodeProof,
): Promise<LookupKeys> {
  const keys = lookupKeysOf(key, pool);
  const codeId = isEmptyKey(keys) ? codeIdOf(code) : undefined;
  if (codeId === undefined) return keys;
  const owner = await findCodeOwner(db.knex, scope.tenantId, codeId);
  return { ...keys, userId: owner?.poolId === scope.poolId ? owner.userId : '' };
}

/** Whose counter a try counts at: the person's; for nobody, one for what was typed, which fills in the same way. */
function subjectOf({ code }: CodeProof, known: KnownUser | undefined, keys: LookupKeys): string {
  if (known !== undefined) return known.userId;
  const typed = [keys.userId, keys.identifierKey, keys.provenAddressKey].find((text) => text !== '');
  return `unknown:${typed ?? codeIdOf(code) ?? ''}`;
}

async function lookAt(
  { db, sealer }: ProveCodeDeps,
  scope: PoolScope,
  { code, type, flow }: CodeProof,
  known: KnownUser | undefined,
  { addressKey }: LookupKeys,
): Promise<OpenCode | undefined> {
  const userId = known?.userId ?? '';
  if (type !== undefined) return findCode(db.knex, sealer, scope, { code, type, userId, addressKey, flow });
  const found = await findByExtended(db.knex, scope, code);
  return found?.userId === userId ? found : undefined;
}

function refusal({ poolId }: PoolScope, { type }: CodeProof, known: KnownUser | undefined): AuditEvent {
  return {
    ...(type === undefined
      ? { subject: 'otp_inspect', action: 'failed' }
      : { subject: type === 'reset_password' ? 'password' : 'otp', action: 'rejected' }),
    affected: { poolId, ...(known === undefined ? {} : { userId: known.userId }) },
    payload: {
      ...(type === undefined ? {} : { purpose: type }),
      ...(known === undefined ? {} : { user_id: known.userId }),
      failure_reason: 'wrong_or_expired',
    },
  };
}

function absentPool(): never {
  throw notFound('Pool');
}
