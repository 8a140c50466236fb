import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { FreeMap } from '../free_map.ts';
import type { OtpType } from '../pools/pool.ts';
import type { Sealer } from '../security/seal.ts';
import { sha256 } from '../security/tokens.ts';
import type { UserScope } from '../users/user.ts';
import { upsertCode } from './codes_store.ts';

export { deleteCodesOf as endCodes, deleteExpiredCodes } from './codes_store.ts';

/** What a code is good for, and nothing else (contract 1.5). */
export type CodeType = OtpType;

export type NewCode = {
  readonly type: CodeType;
  /** Digits of the short form, 4 to 10. */
  readonly length: number;
  readonly ttlSeconds: number;
  /** The lookup key of the address that it goes to; undefined when the caller delivers it. */
  readonly addressKey?: string | undefined;
  /** The running sign-in that an `authentication` code belongs to. */
  readonly flow?: string | undefined;
  readonly metadata?: FreeMap | undefined;
};

/** Both forms in clear, for the message or the trusted caller; they exist nowhere else. */
export type IssuedCode = {
  readonly codeId: string;
  /** Short: works only together with the person it is for. */
  readonly code: string;
  /** Long: names itself, and is what links carry. */
  readonly extendedCode: string;
  readonly expiresAt: Date;
};

/** Wrong tries at the short form after which the code is dead, even for the right value (S-OTP-04). */
export const MAX_WRONG_TRIES = 5;

const SECRET_BYTES = 32;
const ID_BYTES = 16;
const HASH_PURPOSE = 'one_time_code';

/**
 * Makes a code and puts it in the place of the one it supersedes: one for each person and type; for
 * `verify_address` one for each address, for `authentication` one for each running sign-in (contract 6.2).
 * Gives undefined, with the same one statement, when there is no such person.
 */
export async function issueCode(
  tx: Knex.Transaction,
  sealer: Sealer,
  scope: UserScope,
  { type, length, ttlSeconds, addressKey, flow = '', metadata = {} }: NewCode,
): Promise<IssuedCode | undefined> {
  const codeId = randomUUID();
  const code = String(randomInt(10 ** length)).padStart(length, '0');
  const extendedCode = Buffer.concat([idBytes(codeId), randomBytes(SECRET_BYTES)]).toString('base64url');
  const expiresAt = await upsertCode(
    tx,
    scope,
    {
      codeId,
      type,
      slot: slotOf(type, { addressKey, flow }),
      flow,
      addressKey: addressKey ?? null,
      shortHash: shortHash(sealer, { ...scope, type, codeId }, code),
      extendedHash: sha256(extendedCode),
      metadata,
    },
    ttlSeconds,
  );
  return expiresAt && { codeId, code, extendedCode, expiresAt };
}

/** Which of several codes of a type a look-up means. */
export function slotOf(
  type: CodeType,
  { addressKey = '', flow = '' }: { addressKey?: string | undefined; flow?: string | undefined },
): string {
  if (type === 'verify_address') return addressKey;
  return type === 'authentication' ? flow : '';
}

type Bound = UserScope & { readonly type: CodeType; readonly codeId: string };

// The hash holds for this row only: copied to another one it proves nothing.
const bound = ({ tenantId, poolId, userId, type, codeId }: Bound, code: string): string =>
  JSON.stringify([tenantId, poolId, userId, type, codeId, code]);

function shortHash(sealer: Sealer, of: Bound, code: string): string {
  return sealer.keyedHash(HASH_PURPOSE, bound(of, code));
}

/** Whether a short code is the one of this row, compared in constant time. */
export function matchesShortHash(sealer: Sealer, of: Bound, code: string, stored: string): boolean {
  return sealer.matchesKeyedHash(HASH_PURPOSE, bound(of, code), stored);
}

/** The id inside the long form; undefined for a text that is none. */
export function codeIdOf(extendedCode: string): string | undefined {
  if (!/^[A-Za-z0-9_-]{64}$/.test(extendedCode)) return undefined;
  const hex = Buffer.from(extendedCode, 'base64url').toString('hex', 0, ID_BYTES);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const idBytes = (codeId: string): Buffer => Buffer.from(codeId.replaceAll('-', ''), 'hex');
