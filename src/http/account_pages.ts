import type { AskedField, NewPasswordPart } from './code_pages.ts';
import type { PageModel } from './pages.ts';
import type { QrCode } from './qr.ts';

/** What was done on the page before; said once. */
export const ACCOUNT_NOTICES = [
  'profile_saved',
  'address_sent',
  'address_confirmed',
  'address_cancelled',
  'password_changed',
  'totp_set',
  'passkey_added',
  'passkey_named',
  'passkey_removed',
  'device_forgotten',
  'session_ended',
  'others_ended',
  'access_revoked',
  'language_saved',
  'changed_meanwhile',
] as const;
export type AccountNotice = (typeof ACCOUNT_NOTICES)[number];

/** A section of the account page; each is a page of its own, at this name below it. */
export type AccountSection =
  | 'profile'
  | 'addresses'
  | 'password'
  | 'totp'
  | 'passkeys'
  | 'recovery-codes'
  | 'devices'
  | 'sessions'
  | 'applications'
  | 'language'
  | 'data'
  | 'delete';

/** What every page of an account has. Each form has the field `csrf`. */
interface AccountBase extends PageModel {
  /** The account page itself; sections are below it. */
  homeHref: string;
  csrfToken: string;
  notice?: AccountNotice;
}

/** An address that somebody has. */
export interface AccountAddress {
  address: string;
  type: 'email' | 'mobile';
  isConfirmed: boolean;
}

/** A browser, as its user agent tells; absent where it tells nothing known. */
export interface Device {
  browser?: string;
  system?: string;
}

export interface AccountModel extends AccountBase {
  /** How the person is called. */
  personName?: string;
  groupName: string;
  signOutHref: string;
  profile: readonly { label: string; value: string | boolean }[];
  addresses: readonly AccountAddress[];
  /** Absent: not one of the ways to sign in here. */
  password?: { isSet: boolean; changedAt?: Date };
  totp?: { isSet: boolean };
  passkeys?: { names: readonly string[] };
  recoveryCodes?: { left: number };
  devices?: number;
  sessions: number;
  applications: readonly string[];
  mayDelete: boolean;
  /** A passkey is offered; where "not now" is sent. */
  passkeyLaterHref?: string;
}

/** Form fields: one for each field. */
export interface AccountProfileModel extends AccountBase {
  formTitle?: string;
  fields: readonly AskedField[];
  /** The data does not fit, in a place that the form does not ask for. */
  error?: 'data';
}

/** Form fields: `address`, `replaces`, `code`; `do` says what: `send`, `confirm`, `resend`, `cancel`. */
export interface AccountAddressesModel extends AccountBase {
  addresses: readonly AccountAddress[];
  /** A change that waits for the code that went to the new address. */
  pending?: { address: string; replaces?: string; expiresAt: Date };
  /** How many digits a code has: a setting of the pool, so the same for everybody. */
  codeLength?: number;
  /** What is typed into the form for a new one, and the address that it takes the place of. */
  typed: string;
  replaces?: string;
  error?: 'refused' | 'known' | 'code';
}

/** Form fields: `old_password` where there is one, `new_password`, `new_password_repeat`. */
export interface AccountPasswordModel extends AccountBase {
  hasPassword: boolean;
  signInName: string;
  password: NewPasswordPart;
  error?: 'old';
}

/** Form fields: `current_code` where an app is set up already, `code`, `step`: the new secret, sealed. */
export interface AccountTotpModel extends AccountBase {
  isSet: boolean;
  step: string;
  secret: string;
  qr: QrCode;
  error?: 'refused' | 'current';
}

/** Form fields: `passkey`, `name`; `do`: `rename` or `remove`. Those of a new one are filled in by a script. */
export interface AccountPasskeysModel extends AccountBase {
  passkeys: readonly { id: string; name: string; createdAt: Date }[];
  optionsHref: string;
  addHref: string;
  error?: 'passkey' | 'last';
}

/** `codes` are shown once, as the answer to the form. */
export interface AccountRecoveryCodesModel extends AccountBase {
  left: number;
  codes?: readonly string[];
}

/** Form fields: `device`. */
export interface AccountDevicesModel extends AccountBase {
  devices: readonly { id: string; device: Device; ip: string; createdAt: Date }[];
}

/** Form fields: `session`, or `do`: `others`. */
export interface AccountSessionsModel extends AccountBase {
  sessions: readonly {
    id: string;
    isThisOne: boolean;
    place: string;
    device: Device;
    ip: string | null;
    createdAt: Date;
    lastSeenAt: Date;
  }[];
}

/** Form fields: `application`. */
export interface AccountApplicationsModel extends AccountBase {
  applications: readonly { id: string; name: string; place: string; since: Date }[];
}

/** Form fields: `language`. */
export interface AccountLanguageModel extends AccountBase {
  languages: readonly { locale: string; name: string; isChosen: boolean }[];
  /** The choice is kept with the account too, and messages are written in it. */
  holdsForMessages: boolean;
}

export interface AccountDataModel extends AccountBase {
  downloadHref: string;
}

/** Form fields: `agreed`. */
export interface AccountDeleteModel extends AccountBase {
  /** The pool leaves it to people themselves. */
  isAllowed: boolean;
  applications: number;
  error?: 'agreement' | 'administrator';
}

export interface AccountDeletedModel extends PageModel {
  /** The one application that there is to go back to. */
  backHref?: string;
}

/** The pages of one's own account, and what each needs. */
export interface AccountPages {
  account: AccountModel;
  account_profile: AccountProfileModel;
  account_addresses: AccountAddressesModel;
  account_password: AccountPasswordModel;
  account_totp: AccountTotpModel;
  account_passkeys: AccountPasskeysModel;
  account_recovery_codes: AccountRecoveryCodesModel;
  account_devices: AccountDevicesModel;
  account_sessions: AccountSessionsModel;
  account_applications: AccountApplicationsModel;
  account_language: AccountLanguageModel;
  account_data: AccountDataModel;
  account_delete: AccountDeleteModel;
  account_deleted: AccountDeletedModel;
}
