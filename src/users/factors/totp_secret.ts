import type { Knex } from 'knex';
import { readTotpSecret, timeStepOf } from '../../credentials/totp.ts';
import { findTotp, putSealedTotp, useTimeStep, type StoredTotp } from '../../credentials/totp_store.ts';
import { invalid } from '../../domain_error.ts';
import type { Sealer } from '../../security/seal.ts';
import type { UserScope } from '../user.ts';

/** The place that a person's secret is sealed for. */
export const totpPlace = ({ tenantId, poolId, userId }: UserScope): string =>
  `totp:${tenantId}/${poolId}/${userId}`;

/** The secret in its stored form. Throws `DomainError` 422 at the pointer for what is none. */
export function requireTotpSecret(pointer: string, text: string): string {
  const read = readTotpSecret(text);
  if (!read.ok) throw invalid(pointer, read.reason, 'totp_secret_refused');
  return read.secret;
}

/**
 * Gives a person a secret, sealed, in place of any earlier one. Put again, the same secret keeps its used codes
 * used. Throws `DomainError` 422 at `pointer` for what is no secret.
 */
export async function putTotp(
  tx: Knex.Transaction,
  sealer: Sealer,
  scope: UserScope,
  secretBase32: string,
  pointer = '/new_totp_secret',
): Promise<void> {
  const secret = requireTotpSecret(pointer, secretBase32);
  const known = await findTotp(tx, scope);
  const isSame = known !== undefined && sealer.open(known.sealed, totpPlace(scope)) === secret;
  await putSealedTotp(
    tx,
    scope,
    sealer.seal(secret, totpPlace(scope)),
    isSame ? known.lastTimeStep : undefined,
  );
}

/** The sealed form of a new person's secret, for whoever writes the person's rows. */
export const sealTotp = (sealer: Sealer, scope: UserScope, secret: string): string =>
  sealer.seal(secret, totpPlace(scope));

/** The secret again, for an export that is allowed to hold it. */
export const openTotp = (sealer: Sealer, scope: UserScope, sealed: string): string =>
  sealer.open(sealed, totpPlace(scope));

/** Whether a code is right and was not used before; using it up is part of the answer. */
export async function useTotpCode(
  executor: Knex,
  sealer: Sealer,
  scope: UserScope,
  known: StoredTotp,
  code: string,
): Promise<boolean> {
  const step = await timeStepOf(sealer.open(known.sealed, totpPlace(scope)), code, {
    now: known.now,
    afterTimeStep: known.lastTimeStep,
  });
  return step !== undefined && useTimeStep(executor, scope, known, step);
}
