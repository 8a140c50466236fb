import type { AppLabel, PageModel } from './pages.ts';
import type { QrCode } from './qr.ts';

/** Ways to prove who one is, as pages name them. */
export type MethodName = 'password' | 'email_otp' | 'sms_otp' | 'totp' | 'webauthn' | 'recovery_code';

/** Asks for a passkey by a script; without one nothing of it shows. */
export interface PasskeyPart {
  /** The pool prefers it: it stands above the form. */
  isFirst: boolean;
  action: string;
  /** Where the script gets a challenge. */
  optionsHref: string;
}

/**
 * Form fields: `identifier`, `password` where the method is one, `method` where it is not, `remember`; those of a
 * passkey are filled in by a script.
 */
export interface SignInModel extends PageModel {
  /** Where the form is sent. */
  action: string;
  csrfToken: string;
  app: AppLabel;
  /** Absent where there are only passkeys. */
  method?: Exclude<MethodName, 'recovery_code'> | undefined;
  /** Kept after an error, or taken from `login_hint`. */
  identifier: string;
  /** `failed`: one text for every cause. */
  error?: 'failed' | 'missing' | 'passkey';
  /** The other ways, one click away. */
  ways?: readonly { method: MethodName; href: string }[];
  passkey?: PasskeyPart;
  /** Whether the choice is remembered already; absent where there is nothing to choose. */
  remember?: boolean;
  isWelcomeBack?: boolean;
  poolName?: string;
  changePoolHref?: string;
  /** Where people of this pool get a new password; absent where they do not get one by themselves. */
  forgotHref?: string;
  /** Where people make an account; absent where they do not. */
  registerHref?: string;
  /** The pool's tag colour, `#rgb` or `#rrggbb`; anything else falls back to the page's own. */
  basinColor?: string;
}

/** Form fields: `pool` (the id of the row that was pressed), `remember`, `identifier`, `csrf`. */
export interface PoolChooserModel extends PageModel {
  action: string;
  csrfToken: string;
  app: AppLabel;
  /** What was typed before the choice; sent along. */
  identifier?: string;
  choices: readonly PoolChoice[];
}

export interface PoolChoice {
  id: string;
  name: string;
  description?: string;
  color?: string;
  logoUri?: string;
}

/** Form fields: `identifier`, `csrf`. */
export interface DiscoverModel extends PageModel {
  action: string;
  csrfToken: string;
  app: AppLabel;
  identifier: string;
  error?: 'missing';
}

/** Fields of the forms below: `csrf` and `step`, what came before, sealed. */
interface StepModel extends PageModel {
  action: string;
  csrfToken: string;
  step: string;
  app: AppLabel;
}

export interface ResendPart {
  sent: boolean;
  waitSeconds: number;
}

/** Form fields: `code`. */
export interface SignInCodeModel extends StepModel {
  method: 'email_otp' | 'sms_otp' | 'totp';
  /** How many digits a code has: a setting of the pool, so the same for everybody. */
  codeLength?: number;
  /** Masked, and from what was typed: the page is the same whoever that is. */
  sentTo: string;
  error?: 'refused' | 'missing';
  resend?: ResendPart & { action: string };
  otherHref: string;
  ways: readonly { method: MethodName; href: string }[];
}

/** Form fields: `code` or `password`, `remember_device`; `use` for another way or another message. */
export interface SecondFactorModel extends StepModel {
  method: MethodName;
  /** How many digits a code has: a setting of the pool, so the same for everybody. */
  codeLength?: number;
  /** Masked: the person has said who they are, and proven it once. */
  sentTo?: string;
  error?: 'refused' | 'missing';
  resend?: ResendPart;
  passkeyOptionsHref?: string;
  /** For how long this browser may do without; absent where it may not. */
  rememberedSeconds?: number;
  ways: readonly MethodName[];
  /** Where a lost app or passkey is replaced. */
  lostHref?: string;
  startHref: string;
}

/** Form fields: `code`; those of a passkey are filled in by a script; `use` for another one. */
export interface EnrolFactorModel extends StepModel {
  method: 'totp' | 'webauthn';
  totp?: { secret: string; qr: QrCode };
  passkeyOptionsHref?: string;
  error?: 'refused' | 'missing' | 'passkey';
  ways: readonly MethodName[];
  startHref: string;
}

/** Form fields: `later` (`yes`); those of a passkey are filled in by a script. */
export interface PasskeyOfferModel extends StepModel {
  optionsHref: string;
  error?: 'passkey';
}

/** Shown once. */
export interface RecoveryCodesModel extends StepModel {
  codes: readonly string[];
}

export interface MethodOffModel extends PageModel {
  startHref: string;
}

/** The pages of a sign-in, and what each needs. */
export interface SignInPages {
  sign_in: SignInModel;
  pool_chooser: PoolChooserModel;
  discover: DiscoverModel;
  sign_in_code: SignInCodeModel;
  second_factor: SecondFactorModel;
  enrol_factor: EnrolFactorModel;
  passkey_offer: PasskeyOfferModel;
  recovery_codes: RecoveryCodesModel;
  method_off: MethodOffModel;
}
