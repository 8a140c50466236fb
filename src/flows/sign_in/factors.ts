import type { Acr } from '../../oidc/acr.ts';
import type { Mechanism } from '../../pools/pool.ts';

/** What was proven; a recovery code takes the place of a lost second factor. */
export type Proof = Mechanism | 'recovery_code';

/** What a person has proven themselves with in this sign-in. */
export type Proven = {
  readonly methods: readonly Proof[];
  /** A passkey that looked at its person: key and person are two factors. */
  readonly isVerifiedPasskey?: boolean | undefined;
};

// RFC 8176 §2. Nothing attests where a passkey keeps its key: that it has one is all that can be said of it.
const AMR: Readonly<Record<Proof, readonly string[]>> = {
  password: ['pwd'],
  email_otp: ['otp'],
  sms_otp: ['otp', 'sms'],
  totp: ['otp'],
  webauthn: ['pop', 'user'],
  recovery_code: ['otp'],
};

const hasTwoFactors = ({ methods, isVerifiedPasskey = false }: Proven): boolean =>
  isVerifiedPasskey || new Set(methods).size > 1;

/** How it was proven (RFC 8176), each word once. */
export function amrOf(proven: Proven): string[] {
  const words = proven.methods.flatMap((method) => AMR[method]);
  return [...new Set([...words, ...(hasTwoFactors(proven) ? ['mfa'] : [])])];
}

export const acrOf = (proven: Proven): Acr => (hasTwoFactors(proven) ? '2fa' : '1fa');
