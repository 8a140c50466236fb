import type { MessageKey } from '../i18n/translate.ts';
import type { NewPasswordPart } from './code_pages.ts';
import type { Say } from './page_views.ts';
import { safeHref } from './safe_addresses.ts';

/** The names of rules that a new password can fail, as the domain gives them. */
export const PASSWORD_RULES = [
  'min_length',
  'max_length',
  'capital_letters',
  'lowercase_letters',
  'digits',
  'special_characters',
  'strength',
  'blocklist',
  'not_used_since',
] as const;
export type PasswordRule = (typeof PASSWORD_RULES)[number];

const RULE: Readonly<Record<PasswordRule, MessageKey>> = {
  min_length: 'password_rule.min_length',
  max_length: 'password_rule.max_length',
  capital_letters: 'password_rule.capital_letters',
  lowercase_letters: 'password_rule.lowercase_letters',
  digits: 'password_rule.digits',
  special_characters: 'password_rule.special_characters',
  strength: 'password_rule.strength',
  blocklist: 'password_rule.blocklist',
  not_used_since: 'password_rule.not_used_since',
};

const STRENGTH: readonly MessageKey[] = [
  'strength.very_weak',
  'strength.weak',
  'strength.fair',
  'strength.strong',
  'strength.very_strong',
];

const WRONG: Readonly<Record<'refused' | 'differs' | 'missing', MessageKey>> = {
  refused: 'new_password.refused',
  differs: 'new_password.differs',
  missing: 'new_password.missing',
};

/** What the template shows of a new password: each rule with its state in words, and what is wrong. */
export function newPasswordView(part: NewPasswordPart, say: Say) {
  const extra = part.failed.filter((rule) => !part.rules.some((known) => known.rule === rule));
  const rules = [...part.rules, ...extra.map((rule) => ({ rule, count: 1 }))];
  const wasLookedAt = part.error === 'refused';
  return {
    rules: rules.map(({ rule, count = 0 }) => {
      const state = !wasLookedAt ? 'open' : part.failed.includes(rule) ? 'failed' : 'met';
      const word = STRENGTH[count];
      return {
        rule,
        count,
        text: say(RULE[rule], rule === 'strength' && word ? { level: say(word) } : { count }),
        state,
        stateText:
          state === 'open' ? '' : say(state === 'met' ? 'password_rule.met' : 'password_rule.failed'),
      };
    }),
    metText: say('password_rule.met'),
    checkHref: safeHref(part.checkHref),
    words: STRENGTH.map((word) => say(word)),
    error: part.error && say(WRONG[part.error]),
    isRepeatWrong: part.error === 'differs',
    isOptional: part.isOptional === true,
  };
}
