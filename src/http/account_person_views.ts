import { homeOf, accountPage } from './account_frame.ts';
import { backLink } from './back_link.ts';
import type { AccountViews } from './account_page_views.ts';
import { momentOf, typeOf, confirmation, countOf } from './account_words.ts';
import { fieldWords } from './field_words.ts';
import { safeHref } from './safe_addresses.ts';

/** Who a person is, how they are reached, and how they take it with them or leave. */
export const personViews: AccountViews<
  | 'account_profile'
  | 'account_addresses'
  | 'account_language'
  | 'account_data'
  | 'account_delete'
  | 'account_deleted'
> = {
  account_profile: (model, say) => {
    const fields = model.fields.map((field) => ({ ...field, ...fieldWords(field, say) }));
    const problems = fields.flatMap(({ id, errorText }) =>
      errorText === undefined ? [] : [{ id, text: errorText }],
    );
    return accountPage(model, say, {
      section: 'profile',
      heading: say('account_profile.title'),
      lede: model.formTitle ?? say('account_profile.lede'),
      isWrong: problems.length > 0 || model.error !== undefined,
      fields,
      problems,
      dataError: model.error && say('activate_account.data'),
    });
  },

  account_addresses: (model, say, locale) => {
    const { pending, error } = model;
    return accountPage(model, say, {
      section: 'addresses',
      heading: say('account_addresses.title'),
      lede: say('account_addresses.lede'),
      isWrong: error !== undefined,
      addresses: model.addresses.map((address) => ({
        address: address.address,
        term: typeOf(address, say),
        badge: confirmation(address, say),
        isConfirmed: address.isConfirmed,
        changeHref: `${homeOf(model)}/addresses?${new URLSearchParams({ replaces: address.address })}#new`,
        isReplaced: address.address === model.replaces,
      })),
      pending: pending && {
        address: pending.address,
        lede:
          pending.replaces === undefined
            ? say('account_addresses.waits', { address: pending.address })
            : say('account_addresses.waits_instead', { address: pending.address, old: pending.replaces }),
        until: momentOf(pending.expiresAt, locale),
      },
      codeLength: model.codeLength,
      typed: model.typed,
      replaces: model.replaces,
      formTitle:
        model.replaces === undefined
          ? say('account_addresses.add')
          : say('account_addresses.replace', { old: model.replaces }),
      addressError:
        error === 'known'
          ? say('account_addresses.known')
          : error === 'refused'
            ? say('register.identifier_refused')
            : undefined,
      // As the field of a code takes it.
      error: error === 'code' ? say('enter_code.refused_field') : undefined,
    });
  },

  account_language: (model, say) =>
    accountPage(model, say, {
      section: 'language',
      heading: say('account_language.title'),
      lede: say(model.holdsForMessages ? 'account_language.lede' : 'account_language.lede_pages'),
      languages: model.languages.map(({ locale, name, isChosen }) => ({ locale, name, isChosen })),
    }),

  account_data: (model, say) =>
    accountPage(model, say, {
      section: 'data',
      heading: say('account_data.title'),
      lede: say('account_data.lede'),
      hasForm: false,
      downloadHref: safeHref(model.downloadHref),
    }),

  account_delete: (model, say, locale) =>
    accountPage(model, say, {
      section: 'delete',
      heading: say('account_delete.title'),
      lede: say(model.isAllowed ? 'account_delete.lede' : 'account_delete.lede_closed'),
      isWrong: model.error !== undefined,
      hasForm: model.isAllowed,
      isAllowed: model.isAllowed,
      consequences: [
        say('account_delete.applications', { count: countOf(model.applications, locale) }),
        say('account_delete.data'),
        say('account_delete.name'),
      ],
      agreementError: model.error === 'agreement' ? say('account_delete.agreement_missing') : undefined,
      refusal: model.error === 'administrator' ? say('account_delete.administrator') : undefined,
    }),

  account_deleted: (model, say) => {
    const heading = say('account_deleted.title');
    return {
      status: 200,
      level: 'still',
      heading,
      isWrong: false,
      forms: 'none',
      model: { heading, back: backLink(model.backHref, model.app, say) },
    };
  },
};
