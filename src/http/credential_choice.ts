import type { MessageKey } from '../i18n/translate.ts';
import type { Say } from './page_views.ts';

/** How somebody with a new account will sign in. */
export type ChosenCredential = 'password' | 'code' | 'passkey';

/** The choice on a form, field `credential`; it is shown where there are several. */
export type CredentialChoice = {
  readonly credentials: readonly ChosenCredential[];
  readonly credential: ChosenCredential;
};

const WORDS: Readonly<Record<ChosenCredential, MessageKey>> = {
  password: 'register.with_password',
  code: 'register.with_code',
  passkey: 'register.with_passkey',
};

/** What `partials/credential_choice` shows; nothing where there is no choice. */
export const credentialChoiceView = ({ credentials, credential }: CredentialChoice, say: Say) =>
  credentials.length < 2
    ? []
    : credentials.map((name) => ({ name, text: say(WORDS[name]), isChosen: name === credential }));
