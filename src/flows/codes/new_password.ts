import type { Issue } from '../../domain_error.ts';
import type { NewPasswordPart, PasswordRuleView } from '../../http/code_pages.ts';
import type { FormFields } from '../../http/form_body.ts';
import { PASSWORD_RULES } from '../../http/password_rules.ts';
import { STRENGTHS, type PasswordPolicy } from '../../pools/password_policy.ts';

/**
 * The rules of a pool, in the order in which they are shown before anything is typed.
 * @param checkHref where a script may ask about one that is being typed.
 */
export function passwordPart(policy: PasswordPolicy, checkHref?: string): NewPasswordPart {
  const counted: PasswordRuleView[] = [
    { rule: 'capital_letters', count: policy.capitalLetters },
    { rule: 'lowercase_letters', count: policy.lowercaseLetters },
    { rule: 'digits', count: policy.digits },
    { rule: 'special_characters', count: policy.specialCharacters },
    { rule: 'strength', count: STRENGTHS.indexOf(policy.strength) },
    { rule: 'not_used_since', count: policy.notUsedSince },
  ];
  const asked = counted.filter(({ count = 0 }) => count > 0);
  const rules = [{ rule: 'min_length', count: policy.minLength }, ...asked, { rule: 'blocklist' }] as const;
  return { rules, failed: [], ...(checkHref === undefined ? {} : { checkHref }) };
}

/** The part again, with every rule that failed; whatever else is wrong with a password is said in general. */
export function refusedPart(part: NewPasswordPart, issues: readonly Issue[]): NewPasswordPart {
  const failed = PASSWORD_RULES.filter((rule) => issues.some((issue) => issue.rule === rule));
  return { ...part, failed, error: 'refused' };
}

/** The new password of a form, typed the same twice; otherwise what is wrong. */
export function readNewPassword(
  form: FormFields,
): { readonly password: string } | { readonly error: 'missing' | 'differs' } {
  const password = form.get('new_password') ?? '';
  if (password === '') return { error: 'missing' };
  return password === (form.get('new_password_repeat') ?? '') ? { password } : { error: 'differs' };
}
