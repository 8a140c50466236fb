import type { ChosenCredential } from '../../http/credential_choice.ts';
import type { FormFields } from '../../http/form_body.ts';
import type { Mechanism } from '../../pools/pool.ts';

/** By which way codes reach an address. */
const CODES = { email: 'email_otp', mobile: 'sms_otp' } as const;
type AddressType = keyof typeof CODES;

/**
 * The ways to sign in that somebody with a new account can choose from.
 * @param addresses the kinds of addresses that they have; any, where they have yet to say.
 */
export function credentialsFor(
  mechanisms: readonly Mechanism[],
  addresses: readonly AddressType[] = ['email', 'mobile'],
): ChosenCredential[] {
  const byCode = addresses.some((type) => mechanisms.includes(CODES[type]));
  return [
    ...(mechanisms.includes('password') ? (['password'] as const) : []),
    ...(byCode ? (['code'] as const) : []),
    ...(mechanisms.includes('webauthn') ? (['passkey'] as const) : []),
  ];
}

/** The way that was chosen on the form, or the only one. */
export function chosenCredential(
  form: FormFields | undefined,
  credentials: readonly ChosenCredential[],
): ChosenCredential | undefined {
  const given = form?.get('credential');
  return credentials.find((name) => name === given) ?? credentials[0];
}
