import { generateSecret, verify } from 'otplib';

/** RFC 6238 as every authenticator app has it: SHA-1, six digits, steps of 30 seconds. */
export const TOTP_STEP_SECONDS = 30;
export const TOTP_DIGITS = 6;

// RFC 4226 §4 R6: at least 128 bits. The other end is the block size of SHA-1: more adds nothing.
const SECRET_BYTES = { least: 16, most: 64 };
const BASE32 = /^[A-Z2-7]+$/;
const BITS_PER_CHARACTER = 5;
// A last character group of these lengths cannot come from whole bytes (RFC 4648 §6).
const IMPOSSIBLE_REMAINDERS: ReadonlySet<number> = new Set([1, 3, 6]);

// RFC 4226 §4 R6 recommends 160 bits.
const NEW_SECRET_BYTES = 20;

/** A secret for an authenticator app, in base32. */
export const newTotpSecret = (): string => generateSecret({ length: NEW_SECRET_BYTES });

export type ReadSecret =
  | { readonly ok: true; readonly secret: string }
  | { readonly ok: false; readonly reason: string };

/**
 * Reads a shared secret as callers give it: base32 in any case, in groups, with or without padding. Gives its
 * one stored form, or what is wrong with it in words that follow the name of the field.
 */
export function readTotpSecret(text: string): ReadSecret {
  const secret = text
    .replaceAll(/[\s-]/g, '')
    .replace(/={1,6}$/, '')
    .toUpperCase();
  if (!BASE32.test(secret) || IMPOSSIBLE_REMAINDERS.has(secret.length % 8)) {
    return { ok: false, reason: 'must be base32 (RFC 4648)' };
  }
  const bytes = Math.floor((secret.length * BITS_PER_CHARACTER) / 8);
  if (bytes < SECRET_BYTES.least || bytes > SECRET_BYTES.most) {
    return { ok: false, reason: `must be ${SECRET_BYTES.least} to ${SECRET_BYTES.most} bytes in base32` };
  }
  return { ok: true, secret };
}

/**
 * Which time step a code belongs to: the current one or one beside it (S-TOTP-01). Undefined for a wrong code
 * and for one of a step that was used already.
 * @param now seconds since the epoch, by the database's clock: nodes may disagree.
 * @param afterTimeStep the newest step that was accepted before.
 */
export async function timeStepOf(
  secret: string,
  code: string,
  { now, afterTimeStep }: { now: number; afterTimeStep: number | undefined },
): Promise<number | undefined> {
  const token = code.replaceAll(' ', '');
  if (token.length !== TOTP_DIGITS || !/^\d+$/.test(token)) return undefined;
  // A clock that was set back must not make the library refuse its own arithmetic: the guarded statement decides.
  const ahead = Math.floor(now / TOTP_STEP_SECONDS) + 1;
  const result = await verify({
    secret,
    token,
    epoch: now,
    epochTolerance: TOTP_STEP_SECONDS,
    ...(afterTimeStep === undefined || afterTimeStep > ahead ? {} : { afterTimeStep }),
  });
  if (!result.valid || !('timeStep' in result)) return undefined;
  const step = result.timeStep;
  return afterTimeStep !== undefined && step <= afterTimeStep ? undefined : step;
}
