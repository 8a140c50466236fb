import type { Knex } from 'knex';
import type { PoolScope } from '../pools/pool.ts';
import type { Sealer } from '../security/seal.ts';
import { sha256 } from '../security/tokens.ts';
import { timingSafeEqual } from 'node:crypto';
import { codeIdOf, matchesShortHash, MAX_WRONG_TRIES, slotOf, type CodeType } from './codes.ts';
import {
  countCodeTry,
  deleteLivingCode,
  findCodeById,
  uncountCodeTry,
  type StoredCode,
} from './codes_store.ts';

/** A code that somebody presents, and what it is to be good for. */
export type CodeQuestion = {
  readonly code: string;
  readonly type: CodeType;
  /** Whom it is for. A short code proves nothing without it; nobody has the id '', and it costs the same. */
  readonly userId: string;
  readonly addressKey?: string | undefined;
  readonly flow?: string | undefined;
};

/** A code that was right, not used up yet. */
export type OpenCode = Omit<StoredCode, 'shortHash' | 'extendedHash'> & {
  /** Whether a try was counted at it, to be given back when the code is not used after all. */
  readonly tryCounted: boolean;
};

/**
 * Whether a code in either form is right, without using it up. A try with a short one counts at the code first,
 * committed when this resolves; the long one cannot be guessed. Undefined: unknown, wrong, expired, dead or for
 * something else.
 */
export async function findCode(
  knex: Knex,
  sealer: Sealer,
  scope: PoolScope,
  question: CodeQuestion,
): Promise<OpenCode | undefined> {
  const { code, type, userId, addressKey, flow = '' } = question;
  const found =
    codeIdOf(code) === undefined
      ? await findByShort(knex, sealer, scope, question)
      : await findByExtended(knex, scope, code);
  if (found === undefined || found.userId !== userId || found.type !== type || found.flow !== flow)
    return undefined;
  const elsewhere = addressKey !== undefined && found.addressKey !== null && found.addressKey !== addressKey;
  return elsewhere ? undefined : found;
}

/** The code that a long form names and proves, of whatever type. Reads only. */
export async function findByExtended(
  executor: Knex,
  scope: PoolScope,
  extendedCode: string,
): Promise<OpenCode | undefined> {
  const codeId = codeIdOf(extendedCode);
  if (codeId === undefined) return undefined;
  const row = await findCodeById(executor, scope, { codeId, maxTries: MAX_WRONG_TRIES });
  if (row === undefined || !timingSafeEqual(row.extendedHash, sha256(extendedCode))) return undefined;
  return { ...withoutHashes(row), tryCounted: false };
}

async function findByShort(
  knex: Knex,
  sealer: Sealer,
  { tenantId, poolId }: PoolScope,
  { code, type, userId, addressKey, flow }: CodeQuestion,
): Promise<OpenCode | undefined> {
  const scope = { tenantId, poolId, userId };
  const slot = slotOf(type, { addressKey, flow });
  const row = await countCodeTry(knex, scope, { type, slot, maxTries: MAX_WRONG_TRIES });
  // Without a row the same work against a hash that nothing has.
  const stored = row ?? { codeId: '', shortHash: sealer.keyedHash('no_code', '') };
  const matches = matchesShortHash(sealer, { ...scope, type, codeId: stored.codeId }, code, stored.shortHash);
  return row !== undefined && matches ? { ...withoutHashes(row), tryCounted: true } : undefined;
}

const withoutHashes = ({ shortHash: _short, extendedHash: _extended, ...rest }: StoredCode) => rest;

/** Uses a right code up, in the transaction of its effect and before it. False: somebody else was first. */
export async function consumeCode(tx: Knex.Transaction, scope: PoolScope, code: OpenCode): Promise<boolean> {
  return deleteLivingCode(tx, { ...scope, userId: code.userId }, code);
}

/** The code was right and is not used after all, because something else is wrong: its tries are as before. */
export async function giveTryBack(executor: Knex, scope: PoolScope, code: OpenCode): Promise<void> {
  if (code.tryCounted) await uncountCodeTry(executor, { ...scope, userId: code.userId }, code.codeId);
}
