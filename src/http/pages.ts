import type { MessageKey } from '../i18n/translate.ts';
import type { AccountPages } from './account_pages.ts';
import type { CodePages } from './code_pages.ts';
import type { FactorPages } from './factor_pages.ts';
import type { RegisterPages } from './register_pages.ts';
import type { SignInPages } from './sign_in_pages.ts';

/** The application somebody signs in to, as the page shows it. */
export interface AppLabel {
  name: string;
  /** Shown only where it is an https address or an image data URI. */
  logoUri?: string;
}

/** What every model may say. */
export interface PageModel {
  /** Replaces the status the page has by itself. */
  status?: number;
  app?: AppLabel;
}

/** Form fields: `decision` (`allow` or `deny`), `csrf`. */
export interface ConsentModel extends PageModel {
  action: string;
  csrfToken: string;
  app: AppLabel;
  /** Who runs the sign-in, as people know them. */
  orgName: string;
  /** Without a title, a standard scope has a translated one and any other shows its name. */
  scopes: readonly { name: string; title?: string; description?: string }[];
  accountName: string;
  /** What the application says about data, and its terms. */
  policyHref?: string | undefined;
  termsHref?: string | undefined;
  /** The host that either answer leads to. */
  leadsTo?: string | undefined;
}

/** Form fields: `account` (`current` or `other`), `csrf`. */
export interface AccountChooserModel extends PageModel {
  action: string;
  csrfToken: string;
  app: AppLabel;
  /** Who is signed in, as people know them. */
  account: string;
}

/** Form fields: `csrf`. */
export interface NoAccessModel extends PageModel {
  action: string;
  csrfToken: string;
  app: AppLabel;
  /** Who decides about access, as people know them. */
  orgName: string;
  accountName: string;
  /** For those who have another account. */
  signOutHref?: string;
}

/**
 * Form fields: those of `fields`, and `logout` with `yes`, or empty for staying: oidc-provider takes any other
 * value, "no" included, for a yes.
 */
export interface LogoutConfirmModel extends PageModel {
  action: string;
  /** Sent along as they are, such as oidc-provider's `xsrf`. */
  fields: Readonly<Record<string, string>>;
}

export interface SignedOutModel extends PageModel {
  signInHref?: string;
  backHref?: string;
}

export interface StillSignedInModel extends PageModel {
  backHref?: string;
}

export interface ErrorModel extends PageModel {
  /** Stable, for people who search for it: `invalid_redirect_uri`. */
  code: string;
  status: number;
  correlationId: string;
  /** What to do about it; a general sentence by status when absent. */
  message?: MessageKey;
  backHref?: string;
}

export interface ExpiredModel extends PageModel {
  backHref?: string;
}

export type NotFoundModel = PageModel;

export interface BusyModel extends PageModel {
  retryAfterSeconds: number;
  /** A POST that tries again; without it the same address is asked again with GET. */
  retryAction?: { action: string; fields: Readonly<Record<string, string>> };
  backHref?: string;
}

export interface TooManyTriesModel extends PageModel {
  /** Says when, not why. */
  retryAt?: Date;
  backHref?: string;
}

/** A mail or a text, as the mailbox of a development server shows it. */
export interface Letter {
  id: string;
  channel: 'email' | 'sms';
  to: string;
  subject: string;
  text: string;
  status: 'queued' | 'sent' | 'failed' | 'expired';
  at: Date;
  code?: string | undefined;
  link?: string | undefined;
  /** Code and link are erased. */
  isGone: boolean;
  /** Where the mail is shown as its reader gets it. */
  mailHref?: string | undefined;
}

/** Development and test only. */
export interface DevMailboxModel extends PageModel {
  /** Newest first. */
  letters: readonly Letter[];
}

/** All hosted pages and what each needs. */
export interface Pages extends AccountPages, CodePages, FactorPages, RegisterPages, SignInPages {
  account_chooser: AccountChooserModel;
  consent: ConsentModel;
  no_access: NoAccessModel;
  logout_confirm: LogoutConfirmModel;
  signed_out: SignedOutModel;
  still_signed_in: StillSignedInModel;
  error: ErrorModel;
  expired: ExpiredModel;
  not_found: NotFoundModel;
  busy: BusyModel;
  too_many_tries: TooManyTriesModel;
  dev_mailbox: DevMailboxModel;
}

export type PageName = keyof Pages;
