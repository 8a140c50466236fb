import type { CredentialChoice } from './credential_choice.ts';
import type { PasswordRule } from './password_rules.ts';
import type { PageModel } from './pages.ts';

/** What a page with codes is about. */
export type CodePurpose =
  | 'activation'
  | 'reset_password'
  | 'reset_totp'
  | 'enroll_webauthn'
  | 'verify_address'
  | 'object_address';

/** Every form of these pages has the fields `csrf` and, where it has one, `step`: what came before, sealed. */
interface FormModel extends PageModel {
  action: string;
  csrfToken: string;
  step?: string;
}

/** Asks whom a message is for. Form fields: `identifier`. */
export interface RecoverModel extends FormModel {
  purpose: 'activation' | 'reset_password' | 'reset_totp' | 'enroll_webauthn';
  identifier: string;
  /** The password was right and may not be used any more. */
  mustReset?: boolean;
  /** Nothing was typed. */
  error?: 'missing';
  /** Where the person types a code that they have already. */
  haveCodeHref: string;
  /** Back to the sign-in that this is part of. */
  signInHref?: string;
}

/** After a message, or instead of its link. Form fields: `code`, and `identifier` where nobody is named yet. */
export interface EnterCodeModel extends FormModel {
  purpose:
    | 'activation'
    | 'reset_password'
    | 'reset_totp'
    | 'enroll_webauthn'
    | 'registration'
    | 'verify_address';
  /** How many digits a code has: a setting of the pool, so the same for everybody. */
  codeLength?: number;
  /** Masked, and from what was typed: the page is the same whoever that is. */
  sentTo?: string;
  /** Asked for beside the code; kept after an error. */
  identifier?: string;
  /** Which address is meant, where it is not the sign-in name. Form field: `address`. */
  address?: string;
  error?: 'refused' | 'missing';
  resend?: { action: string; sent?: boolean; waitSeconds: number };
  /** Where another address is named, or a message asked for. */
  otherHref?: string;
  /** For somebody who has followed the link instead. */
  signInHref?: string;
}

/** What a link leads to: a button, because programs open links (design 5). */
export interface FollowLinkModel extends FormModel {
  purpose: 'activation' | 'verify_address' | 'object_address' | 'reset_totp' | 'enroll_webauthn';
  /** The account is one that somebody registered, in another browser as it seems. */
  registeredElsewhere?: boolean;
}

export type PasswordRuleView = {
  rule: PasswordRule;
  /** How many, for the rules that count; the least strength, 1 to 4. */
  count?: number;
};

/** What a new password has to be, and what was wrong with the one that was sent. */
export interface NewPasswordPart {
  rules: readonly PasswordRuleView[];
  /** Every rule that failed; empty when it was not looked at. */
  failed: readonly PasswordRule[];
  error?: 'refused' | 'differs' | 'missing';
  /** There is another way, and the person may leave it empty. */
  isOptional?: boolean;
  /** Where a script asks about one that is being typed, with the fields of the form. */
  checkHref?: string;
}

/** Form fields: `new_password`, `new_password_repeat`. */
export interface NewPasswordModel extends FormModel {
  purpose: 'reset' | 'must_change';
  password: NewPasswordPart;
  /** Shown and left as it is. */
  signInName?: string;
}

export interface AskedField {
  /** The name of the form field. */
  name: string;
  id: string;
  kind: 'text' | 'number' | 'checkbox' | 'choice' | 'choices' | 'list';
  label: string;
  hint?: string;
  required: boolean;
  options: readonly string[];
  autocomplete?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  wholeNumber: boolean;
  value: string;
  /** Of `choices`: each is a form field of its own, `{name}.{index}`. */
  chosen?: readonly string[];
  error?: 'missing' | 'refused';
}

/** Form fields: those of {@link NewPasswordModel}, and one for everything that is lacking. */
export interface ActivateAccountModel extends FormModel {
  signInName: string;
  formTitle?: string;
  fields: readonly AskedField[];
  /** How they will sign in, where they may choose. */
  choice?: CredentialChoice;
  password?: NewPasswordPart;
  /** The data does not fit, in a place that the form does not ask for. */
  error?: 'data';
}

export interface DoneModel extends PageModel {
  purpose:
    | 'activated'
    | 'password_set'
    | 'address_verified'
    | 'address_objected'
    | 'totp_set'
    | 'passkey_set';
  signInHref?: string;
  /** Where a new password is asked for. */
  newPasswordHref?: string;
}

export interface LinkExpiredModel extends PageModel {
  purpose: CodePurpose;
  /** Where a new message is asked for. */
  newHref?: string;
  signInHref?: string;
}

export interface ClosedModel extends PageModel {
  reason: 'self_reset' | 'disconnected' | 'registration' | 'factor';
  signInHref?: string;
}

/** The pages of the journeys with codes, and what each needs. */
export interface CodePages {
  recover: RecoverModel;
  enter_code: EnterCodeModel;
  follow_link: FollowLinkModel;
  new_password: NewPasswordModel;
  activate_account: ActivateAccountModel;
  done: DoneModel;
  link_expired: LinkExpiredModel;
  closed: ClosedModel;
}
