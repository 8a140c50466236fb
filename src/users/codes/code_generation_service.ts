import { issueCode, type CodeType } from '../../credentials/codes.ts';
import { inTransaction } from '../../db/transaction.ts';
import { invalid, notFound, refuseAny } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import { freeMapIssues, type FreeMap } from '../../free_map.ts';
import type { PoolScope } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import type { ProveCodeDeps } from './prove_code.ts';
import { addressKeyOf, isEmptyKey, lookupKeysOf, type KnownUser, type UserKey } from '../user_key.ts';
import { findKnownUser } from '../known_user_store.ts';

export type CodeGenerationService = ReturnType<typeof createCodeGenerationService>;

export type CodeWish = {
  readonly type: CodeType;
  readonly key: UserKey;
  /** The address that the caller will deliver it to. */
  readonly address?: string | undefined;
  readonly metadata?: FreeMap | undefined;
  /** Whether the caller may act for this person, once it is known who that is. */
  readonly mayActFor: (userId: string) => Promise<boolean>;
  readonly by: Actor;
};

export type GeneratedCode = { readonly codeId: string; readonly code: string; readonly extendedCode: string };

/** Codes in clear for a backend that delivers them itself, behind a scope of its own (contract 8.19). */
export function createCodeGenerationService({ db, sealer }: ProveCodeDeps) {
  return {
    async generate(scope: PoolScope, wish: CodeWish): Promise<GeneratedCode> {
      const pool = (await findPool(db.knex, scope)) ?? absent('Pool');
      refuseAny(freeMapIssues('/metadata', wish.metadata));
      const keys = lookupKeysOf(wish.key, pool);
      if (isEmptyKey(keys)) throw invalid('', 'must name a person: userID, identifier or address');
      const known = await findKnownUser(db.knex, scope, keys);
      if (known === undefined || !(await wish.mayActFor(known.userId))) absent('User');
      requireFittingStatus(known, wish.type);
      const addressKey = addressFor(known, wish);
      return inTransaction(db, async (tx) => {
        const issued = await issueCode(
          tx,
          sealer,
          { ...scope, userId: known.userId },
          { ...pool.otpSettings[wish.type], type: wish.type, addressKey, metadata: wish.metadata },
        );
        if (issued === undefined) absent('User');
        await recordAudit(tx, scope, wish.by, {
          subject: 'otp',
          action: 'generated',
          affected: { userId: known.userId, poolId: scope.poolId },
          payload: { otp_id: issued.codeId, user_id: known.userId, purpose: wish.type },
        });
        return { codeId: issued.codeId, code: issued.code, extendedCode: issued.extendedCode };
      });
    },
  };
}

function requireFittingStatus({ status }: KnownUser, type: CodeType): void {
  if (type === 'verify_address') return;
  const needed = type === 'activation' ? 'new' : 'active';
  if (status !== needed) throw invalid('/type', `is for a person of status ${needed}`, 'wrong_status');
}

/** The address as it is looked up: the one that is named, or for what needs one the only one there is. */
function addressFor(known: KnownUser, { type, address }: CodeWish): string | undefined {
  const usable = known.addresses.filter(({ status }) => status === 'active');
  if (address !== undefined) {
    const key = addressKeyOf(address);
    if (usable.some(({ lookupKey }) => lookupKey === key)) return key;
    // The old name of the field was for a sign-in name, which need not be an address.
    const isName = known.identifiers.some(({ identifier }) => addressKeyOf(identifier) === key);
    if (isName && type !== 'verify_address') return undefined;
    throw invalid('/address', 'is no address of this person in use', 'address_unknown');
  }
  if (usable.length === 1 && (type === 'activation' || type === 'verify_address'))
    return usable[0]?.lookupKey;
  if (type === 'verify_address') throw invalid('/address', 'is required: the person has several, or none');
  return undefined;
}

function absent(what: string): never {
  throw notFound(what);
}
