import type { MessageKey } from '../i18n/translate.ts';
import { basinColor } from './basin_color.ts';
import { credentialChoiceView } from './credential_choice.ts';
import { fieldWords } from './field_words.ts';
import type { Present } from './page_views.ts';
import { newPasswordView } from './password_rules.ts';
import type { RegisterModel, RegisterPages } from './register_pages.ts';
import { safeHref } from './safe_addresses.ts';

const IDENTIFIER: Readonly<Record<RegisterModel['identifierKind'], MessageKey>> = {
  any: 'register.identifier',
  email: 'register.identifier_email',
  mobile: 'register.identifier_mobile',
};

const WRONG: Readonly<Record<NonNullable<RegisterModel['identifierError']>, MessageKey>> = {
  missing: 'register.identifier_missing',
  refused: 'register.identifier_refused',
  no_codes: 'register.identifier_no_codes',
};

/** The page of somebody who makes an account, as data. */
export const registerPageViews: { [Name in keyof RegisterPages]: Present<RegisterPages[Name]> } = {
  register: (model, say) => {
    const heading = model.formTitle ?? say('register.title');
    const fields = model.fields.map((field) => ({ ...field, ...fieldWords(field, say) }));
    const password = model.password && newPasswordView(model.password, say);
    const identifierText = model.identifierError && say(WRONG[model.identifierError]);
    const problems = [
      ...(identifierText === undefined ? [] : [{ id: 'identifier', text: identifierText }]),
      ...fields.flatMap(({ id, errorText }) => (errorText === undefined ? [] : [{ id, text: errorText }])),
      ...(password?.error === undefined ? [] : [{ id: 'new-password', text: password.error }]),
    ];
    const { crumb } = model;
    return {
      status: 200,
      level: '1',
      heading,
      isWrong: problems.length > 0 || model.error !== undefined,
      forms: 'redirecting',
      action: model.action,
      model: {
        heading,
        action: model.action,
        csrfToken: model.csrfToken,
        position: say('register.step', { step: 1 }),
        crumb: crumb && {
          name: crumb.name,
          color: basinColor(crumb.color),
          changeHref: safeHref(crumb.changeHref),
        },
        identifier: model.identifier,
        identifierLabel: say(IDENTIFIER[model.identifierKind]),
        identifierMode: model.identifierKind === 'mobile' ? 'tel' : 'email',
        identifierText,
        fields,
        credentials: credentialChoiceView(model, say),
        password,
        problems,
        dataError: model.error && say('activate_account.data'),
        signInHref: safeHref(model.signInHref),
      },
    };
  },
};
