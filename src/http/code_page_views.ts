import { credentialChoiceView } from './credential_choice.ts';
import { describeDuration, type MessageKey } from '../i18n/translate.ts';
import type { CodePages, CodePurpose } from './code_pages.ts';
import { fieldWords } from './field_words.ts';
import type { Present } from './page_views.ts';
import { newPasswordView } from './password_rules.ts';
import { safeHref } from './safe_addresses.ts';

const EXPIRED: Readonly<Record<CodePurpose, MessageKey>> = {
  activation: 'link_expired.activation',
  reset_password: 'link_expired.reset_password',
  reset_totp: 'link_expired.reset_password',
  enroll_webauthn: 'link_expired.reset_password',
  verify_address: 'link_expired.verify_address',
  object_address: 'link_expired.object_address',
};

type Done = CodePages['done']['purpose'];
const DONE: Readonly<Record<Done, { title: MessageKey; lede: MessageKey }>> = {
  activated: { title: 'done.activated.title', lede: 'done.activated.lede' },
  password_set: { title: 'done.password_set.title', lede: 'done.password_set.lede' },
  address_verified: { title: 'done.address_verified.title', lede: 'done.address_verified.lede' },
  totp_set: { title: 'done.totp_set.title', lede: 'done.factor_set.lede' },
  passkey_set: { title: 'done.passkey_set.title', lede: 'done.factor_set.lede' },
  address_objected: { title: 'done.address_objected.title', lede: 'done.address_objected.lede' },
};

const RECOVER: Readonly<
  Record<CodePages['recover']['purpose'] | 'must_reset', { title: MessageKey; lede: MessageKey }>
> = {
  activation: { title: 'recover.title_activation', lede: 'recover.lede_activation' },
  reset_password: { title: 'recover.title', lede: 'recover.lede' },
  must_reset: { title: 'recover.title_must', lede: 'recover.lede_must' },
  reset_totp: { title: 'lost_totp.title', lede: 'recover.lede' },
  enroll_webauthn: { title: 'lost_passkey.title', lede: 'recover.lede' },
};

const CLOSED: Readonly<
  Record<CodePages['closed']['reason'], { title: MessageKey; lede: MessageKey; status: number }>
> = {
  self_reset: { title: 'closed.self_reset.title', lede: 'closed.self_reset.lede', status: 200 },
  disconnected: { title: 'closed.disconnected.title', lede: 'closed.disconnected.lede', status: 403 },
  factor: { title: 'closed.factor.title', lede: 'closed.factor.lede', status: 403 },
  registration: { title: 'closed.registration.title', lede: 'closed.registration.lede', status: 403 },
};

type Followed = CodePages['follow_link']['purpose'];
const FOLLOWED: Readonly<
  Record<Followed, { form: string; title: MessageKey; lede: MessageKey; submit: MessageKey }>
> = {
  activation: {
    form: 'activate',
    title: 'follow_link.activation.title',
    lede: 'follow_link.activation.lede',
    submit: 'follow_link.activation.submit',
  },
  verify_address: {
    form: 'verify',
    title: 'follow_link.verify_address.title',
    lede: 'follow_link.verify_address.lede',
    submit: 'follow_link.verify_address.submit',
  },
  reset_totp: {
    form: 'set-totp',
    title: 'lost_totp.set_title',
    lede: 'lost_factor.lede',
    submit: 'follow_link.activation.submit',
  },
  enroll_webauthn: {
    form: 'set-passkey',
    title: 'lost_passkey.set_title',
    lede: 'lost_factor.lede',
    submit: 'follow_link.activation.submit',
  },
  object_address: {
    form: 'object',
    title: 'follow_link.object_address.title',
    lede: 'follow_link.object_address.lede',
    submit: 'follow_link.object_address.submit',
  },
};

const formOf = ({ action, csrfToken, step }: { action: string; csrfToken: string; step?: string }) => ({
  action,
  csrfToken,
  step,
});

const quiet = { status: 200, isWrong: false, forms: 'redirecting' } as const;

/** The pages of the journeys with codes as data. */
export const codePageViews: { [Name in keyof CodePages]: Present<CodePages[Name]> } = {
  recover: (model, say) => {
    const { title, lede } = RECOVER[model.mustReset === true ? 'must_reset' : model.purpose];
    const heading = say(title);
    return {
      ...quiet,
      level: '1',
      heading,
      isWrong: model.error !== undefined,
      action: model.action,
      model: {
        ...formOf(model),
        heading,
        lede: say(lede),
        identifier: model.identifier,
        error: model.error && say('recover.missing'),
        haveCodeHref: safeHref(model.haveCodeHref),
        signInHref: safeHref(model.signInHref),
      },
    };
  },

  enter_code: (model, say, locale) => {
    const heading = say(model.sentTo === undefined ? 'enter_code.title' : 'enter_code.title_sent');
    const { resend } = model;
    const registers = model.purpose === 'registration';
    return {
      ...quiet,
      level: '2',
      heading,
      isWrong: model.error !== undefined,
      action: model.action,
      model: {
        ...formOf(model),
        heading,
        lede:
          model.sentTo === undefined
            ? say('enter_code.lede')
            : say(registers ? 'enter_code.lede_registered' : 'enter_code.lede_sent', {
                address: model.sentTo,
              }),
        position: registers ? say('register.step', { step: 2 }) : undefined,
        signInHref: safeHref(model.signInHref),
        codeLength: model.codeLength,
        identifier: model.identifier,
        address: model.address,
        error:
          model.error && say(model.error === 'missing' ? 'enter_code.missing' : 'enter_code.refused_field'),
        isRefused: model.error === 'refused',
        resend: resend && {
          action: resend.action,
          sent: resend.sent === true,
          waitSeconds: resend.waitSeconds,
          wait:
            resend.waitSeconds > 0
              ? say('enter_code.resend_wait', { duration: describeDuration(locale, resend.waitSeconds) })
              : undefined,
        },
        otherHref: safeHref(model.otherHref),
        other: say(model.sentTo === undefined ? 'enter_code.ask_for_one' : 'enter_code.other'),
      },
    };
  },

  follow_link: (model, say) => {
    const { form, title, lede, submit } = FOLLOWED[model.purpose];
    const heading = say(title);
    return {
      ...quiet,
      level: '2',
      heading,
      action: model.action,
      model: {
        ...formOf(model),
        heading,
        lede: say(lede),
        submit: say(submit),
        elsewhere: model.registeredElsewhere === true ? say('follow_link.registered_elsewhere') : undefined,
        formId: `${form}-form`,
        submitId: `${form}-submit`,
      },
    };
  },

  new_password: (model, say) => {
    const must = model.purpose === 'must_change';
    const heading = say(must ? 'new_password.title_must' : 'new_password.title');
    return {
      ...quiet,
      level: must ? '3' : '2',
      heading,
      isWrong: model.password.error !== undefined,
      action: model.action,
      model: {
        ...formOf(model),
        heading,
        lede: must
          ? say('new_password.lede_must', { app: model.app?.name ?? say('app.unnamed') })
          : say('new_password.lede'),
        signInName: model.signInName,
        password: newPasswordView(model.password, say),
        submit: say(must ? 'new_password.submit_must' : 'new_password.submit'),
      },
    };
  },

  activate_account: (model, say) => {
    const heading = say('activate_account.title');
    const fields = model.fields.map((field) => ({ ...field, ...fieldWords(field, say) }));
    const problems = [
      ...fields.flatMap(({ id, errorText }) => (errorText === undefined ? [] : [{ id, text: errorText }])),
      ...(model.password?.error === undefined
        ? []
        : [{ id: 'new-password', text: newPasswordView(model.password, say).error ?? '' }]),
    ];
    return {
      ...quiet,
      level: '2',
      heading,
      isWrong: problems.length > 0 || model.error !== undefined,
      action: model.action,
      model: {
        ...formOf(model),
        heading,
        lede: say(model.password || model.choice ? 'activate_account.lede' : 'activate_account.lede_plain'),
        credentials: model.choice ? credentialChoiceView(model.choice, say) : [],
        signInName: model.signInName,
        formTitle: model.formTitle,
        fields,
        password: model.password && newPasswordView(model.password, say),
        problems,
        dataError: model.error && say('activate_account.data'),
      },
    };
  },

  done: (model, say) => {
    const { title, lede } = DONE[model.purpose];
    const heading = say(title);
    const signInHref = safeHref(model.signInHref);
    return {
      ...quiet,
      level: 'still',
      heading,
      forms: 'none',
      model: {
        heading,
        purpose: model.purpose,
        lede: say(lede),
        signInHref,
        newPasswordHref: safeHref(model.newPasswordHref),
      },
    };
  },

  link_expired: (model, say) => {
    const heading = say('link_expired.title');
    return {
      status: 410,
      level: 'still',
      heading,
      isWrong: true,
      forms: 'none',
      model: {
        heading,
        lede: say(EXPIRED[model.purpose]),
        newHref: safeHref(model.newHref),
        signInHref: safeHref(model.signInHref),
      },
    };
  },

  closed: (model, say) => {
    const { title, lede, status } = CLOSED[model.reason];
    const heading = say(title);
    return {
      status,
      level: 'still',
      heading,
      isWrong: false,
      forms: 'none',
      model: { heading, lede: say(lede), signInHref: safeHref(model.signInHref) },
    };
  },
};
