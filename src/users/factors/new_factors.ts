import type { Knex } from 'knex';
import type { PasskeyRecord } from '../../credentials/passkey_record.ts';
import type { NewPasskey } from '../../credentials/passkeys.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { Sealer } from '../../security/seal.ts';
import { addPasskeys, requirePasskeyRecords } from './passkey_keys.ts';
import { putTotp, requireTotpSecret } from './totp_secret.ts';
import type { FullUser, UserScope } from '../user.ts';
import { findUser } from '../user_store.ts';

/** What a person is created with beside a password; the pointers are those of the caller's input. */
export type NewFactors = {
  readonly totp?: { readonly secret: string; readonly pointer: string } | undefined;
  readonly passkeys?: { readonly records: readonly PasskeyRecord[]; readonly pointer: string } | undefined;
};

export type FactorDeps = { readonly sealer: Sealer; readonly publicUrl: string };

type CheckedFactors = NewFactors & { readonly keys: readonly NewPasskey[] };

/** Checks what can be checked before a transaction opens. Throws `DomainError` 422. */
export function checkNewFactors({ publicUrl }: FactorDeps, factors: NewFactors): CheckedFactors {
  const { totp, passkeys } = factors;
  if (totp !== undefined) requireTotpSecret(totp.pointer, totp.secret);
  return {
    totp,
    passkeys,
    keys: passkeys ? requirePasskeyRecords(publicUrl, passkeys.records, passkeys.pointer) : [],
  };
}

/** Gives them to a person who was just created, who is read again with them. Throws `DomainError` 422. */
export async function putNewFactors(
  tx: Knex.Transaction,
  { sealer }: FactorDeps,
  user: FullUser,
  { totp, passkeys, keys }: CheckedFactors,
  by: Actor,
): Promise<FullUser> {
  if (totp === undefined && keys.length === 0) return user;
  const scope: UserScope = { tenantId: user.tenantId, poolId: user.poolId, userId: user.id };
  if (totp !== undefined) await putTotp(tx, sealer, scope, totp.secret, totp.pointer);
  await addPasskeys(tx, scope, keys, passkeys?.pointer);
  const types = [totp && 'totp', keys.length > 0 && 'webauthn'].filter(Boolean);
  for (const type of types) {
    await recordAudit(tx, scope, by, {
      subject: 'credential',
      action: 'created',
      affected: { userId: user.id, poolId: user.poolId },
      payload: { user_id: user.id, type },
    });
  }
  return (await findUser(tx, scope)) ?? user;
}
