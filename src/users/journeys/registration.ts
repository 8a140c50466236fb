import { validateIdentifier } from '../../credentials/identifier.ts';
import { invalid } from '../../domain_error.ts';
import type { IdentifierType } from '../user.ts';
import { addressTypeOf } from '../user_key.ts';

/** Where the code of somebody who registers goes, and as what they will sign in. */
export type RegistrationNames = {
  readonly identifier: { readonly identifier: string; readonly type: IdentifierType };
  readonly address: { readonly address: string; readonly type: 'email' | 'mobile' } | undefined;
};

/**
 * Reads the two names of a registration (contract 5.4): the identifier is whatever kind it looks like, the address
 * for the code must be of another kind. Throws 422; `needed` when a message is to be sent.
 */
export function registrationNames(
  identifier: string,
  otpAddress: string | undefined,
  { needed }: { readonly needed: boolean },
): RegistrationNames {
  const type = addressTypeOf(identifier);
  const problem = validateIdentifier(type ?? 'uid', identifier);
  if (problem !== undefined) throw invalid('/identifier', problem);
  const named = { identifier, type: type ?? ('uid' as const) };
  if (otpAddress === undefined) {
    if (type !== undefined) return { identifier: named, address: { address: identifier, type } };
    if (needed)
      throw invalid('/otp_address', 'is required: no message can go to this identifier', 'address_needed');
    return { identifier: named, address: undefined };
  }
  const otpType = addressTypeOf(otpAddress);
  if (otpType === undefined) {
    throw invalid('/otp_address', 'must be an e-mail address or a telephone number like +48123456789');
  }
  if (otpType === type) throw invalid('/otp_address', 'must not be of the same type as the identifier');
  return { identifier: named, address: { address: otpAddress, type: otpType } };
}
