import type { ChosenCredential } from '../../http/credential_choice.ts';
import type { FormFields } from '../../http/form_body.ts';
import type { Mechanism } from '../../pools/pool.ts';

/** The ways to sign in that somebody with a new account can choose from. */
export function credentialsFor(mechanisms: readonly Mechanism[]): ChosenCredential[] {
  const byCode = mechanisms.includes('email_otp') || mechanisms.includes('sms_otp');
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
