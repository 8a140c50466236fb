import type { Template } from './message.ts';
import type { Variable } from './variables.ts';

/** What a message may say beside the name of who speaks, and what of it people cannot do without. */
type Entry = { readonly carries: readonly Variable[]; readonly needsOneOf: readonly Variable[] };

const WITH_CODE: Entry = {
  carries: ['OTP.Code', 'OTP.Link', 'OTP.Validity'],
  needsOneOf: ['OTP.Code', 'OTP.Link'],
};
const NOTICE: Entry = { carries: [], needsOneOf: [] };
/** The old address objects by the link; nothing else of the message would help its owner. */
const WITH_OBJECTION: Entry = {
  carries: ['OTP.Link', 'OTP.Validity', 'Address'],
  needsOneOf: ['OTP.Link'],
};

/** Every message there is, by the name that its sentences have in the language files. */
export const MESSAGES = {
  activate: WITH_CODE,
  verify_address: WITH_CODE,
  otp: WITH_CODE,
  reset_password: WITH_CODE,
  reset_totp: WITH_CODE,
  enroll_webauthn: WITH_CODE,
  identifier_used: { carries: ['OTP.Link'], needsOneOf: [] },
  password_changed: NOTICE,
  new_passkey: NOTICE,
  new_second_factor: NOTICE,
  address_changed: NOTICE,
  address_change_requested: WITH_OBJECTION,
  address_change_done: WITH_OBJECTION,
  recovery_used: NOTICE,
  passkey_removed: NOTICE,
  new_recovery_codes: NOTICE,
  account_deleted: NOTICE,
  transport_test: { carries: ['OTP.Code'], needsOneOf: [] },
} as const satisfies Record<string, Entry>;

export type MessageName = keyof typeof MESSAGES;

/** Messages that a tenant may write in words of its own: all that people get. */
export const OWN_MESSAGES: readonly MessageName[] = (Object.keys(MESSAGES) as MessageName[]).filter(
  (name) => name !== 'transport_test',
);

/** What may be named in a message's texts: what it carries, and who speaks. */
export const variablesOf = (message: MessageName): readonly Variable[] => [
  'Product.Name',
  ...MESSAGES[message].carries,
];

/** One of these has to be in it, where there are any. */
export const neededIn = (message: MessageName): readonly Variable[] => MESSAGES[message].needsOneOf;

const NAMES: Record<Template, (purpose: string | null) => MessageName> = {
  activate_account_with_code: () => 'activate',
  activate_account_with_link: () => 'activate',
  address_verification_with_link: () => 'verify_address',
  identifier_used: () => 'identifier_used',
  otp: (purpose) => (purpose === 'verify_address' || purpose === 'transport_test' ? purpose : 'otp'),
  reset_credentials_with_code: resetName,
  reset_credentials_with_link: resetName,
  password_changed: () => 'password_changed',
  new_passkey: () => 'new_passkey',
  new_second_factor: () => 'new_second_factor',
  address_changed: () => 'address_changed',
  address_change_requested: () => 'address_change_requested',
  address_change_done: () => 'address_change_done',
  recovery_used: () => 'recovery_used',
  passkey_removed: () => 'passkey_removed',
  new_recovery_codes: () => 'new_recovery_codes',
  account_deleted: () => 'account_deleted',
};

/** The message that a template of the contract is, for a code of that purpose. */
export const messageNameOf = (template: Template, purpose: string | null): MessageName =>
  NAMES[template](purpose);

function resetName(purpose: string | null): MessageName {
  if (purpose === 'reset_totp') return 'reset_totp';
  return purpose === 'enroll_webauthn' ? 'enroll_webauthn' : 'reset_password';
}
