import type { MessageKey } from '../i18n/translate.ts';

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

/** Form fields: `identifier`, `password`, `csrf`. */
export interface SignInModel extends PageModel {
  /** Where the form is sent. */
  action: string;
  csrfToken: string;
  app: AppLabel;
  /** Kept after an error, or taken from `login_hint`. */
  identifier: string;
  /** One text for every cause. */
  error?: 'failed';
  poolName?: string;
  changePoolHref?: string;
  /** The pool's tag colour, `#rgb` or `#rrggbb`; anything else falls back to the page's own. */
  basinColor?: string;
}

/** Form fields: `pool` (the id of the row that was pressed), `csrf`. */
export interface PoolChooserModel extends PageModel {
  action: string;
  csrfToken: string;
  app: AppLabel;
  choices: readonly PoolChoice[];
}

export interface PoolChoice {
  id: string;
  name: string;
  description?: string;
  color?: string;
  logoUri?: string;
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

/** All hosted pages and what each needs. */
export interface Pages {
  sign_in: SignInModel;
  pool_chooser: PoolChooserModel;
  consent: ConsentModel;
  logout_confirm: LogoutConfirmModel;
  signed_out: SignedOutModel;
  still_signed_in: StillSignedInModel;
  error: ErrorModel;
  expired: ExpiredModel;
  not_found: NotFoundModel;
  busy: BusyModel;
  too_many_tries: TooManyTriesModel;
}

export type PageName = keyof Pages;
