import type { AskedField, NewPasswordPart } from './code_pages.ts';
import type { CredentialChoice } from './credential_choice.ts';
import type { AppLabel, PageModel } from './pages.ts';

/** Form fields: `identifier`, one for each field, `credential`, and those of a new password. */
export interface RegisterModel extends PageModel, CredentialChoice {
  action: string;
  csrfToken: string;
  app?: AppLabel;
  /** Of the schema, in the place of the page's own. */
  formTitle?: string;
  crumb?: { name: string; color: string; changeHref: string };
  identifier: string;
  /** What kind of address people of this pool register with. */
  identifierKind: 'any' | 'email' | 'mobile';
  identifierError?: 'missing' | 'refused' | 'no_codes';
  fields: readonly AskedField[];
  password?: NewPasswordPart;
  /** The data does not fit, in a place that the form does not ask for. */
  error?: 'data';
  signInHref?: string;
}

/** The page of somebody who makes an account. */
export interface RegisterPages {
  register: RegisterModel;
}
