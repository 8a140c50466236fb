import { countCodePoints } from '../credentials/password.ts';
import type { Issue } from '../domain_error.ts';

export const STRENGTHS = ['any', 'weak', 'fair', 'strong', 'very_strong'] as const;

/** Contract 1.4. Counts are minimum counts; `notUsedSince` is how many passwords must pass before a reuse. */
export type PasswordPolicy = {
  readonly strength: (typeof STRENGTHS)[number];
  readonly minLength: number;
  readonly capitalLetters: number;
  readonly lowercaseLetters: number;
  readonly digits: number;
  readonly specialCharacters: number;
  readonly notUsedSince: number;
};

// NIST SP 800-63B-4 §3.1.1.2: never below 8. Above 256 no password could satisfy it.
const MIN_LENGTH = { least: 8, most: 256 };
const MAX_COUNT = 64;
// History is checked hash by hash at each change.
const MAX_HISTORY = 24;

/** The defaults a pool without a policy of its own is created with; stored, so that later defaults leave it alone. */
export const DEFAULT_PASSWORD_POLICY: PasswordPolicy = {
  strength: 'fair',
  minLength: MIN_LENGTH.least,
  capitalLetters: 0,
  lowercaseLetters: 0,
  digits: 0,
  specialCharacters: 0,
  notUsedSince: 0,
};

/** What is wrong with a policy, in the names of the wire. */
export function passwordPolicyIssues(pointer: string, policy: PasswordPolicy): Issue[] {
  const issues: Issue[] = [];
  if (policy.minLength < MIN_LENGTH.least || policy.minLength > MIN_LENGTH.most) {
    issues.push({
      pointer: `${pointer}/min_length`,
      message: `must be from ${MIN_LENGTH.least} to ${MIN_LENGTH.most}`,
    });
  }
  const counts = { ...COUNTED };
  for (const [name, { rule }] of Object.entries(counts)) {
    if (policy[rule] > MAX_COUNT)
      issues.push({ pointer: `${pointer}/${name}`, message: `must be at most ${MAX_COUNT}` });
  }
  if (policy.notUsedSince > MAX_HISTORY) {
    issues.push({ pointer: `${pointer}/not_used_since`, message: `must be at most ${MAX_HISTORY}` });
  }
  return issues;
}

/**
 * Every rule that a new password fails, so that all of them can be shown at once. The password is in the form
 * that is hashed. Strength, blocklist and history follow with the password journeys; until then they are
 * stored with the pool and not asked.
 */
export function failedPasswordRules(
  policy: PasswordPolicy,
  password: string,
): { rule: string; message: string }[] {
  const failed: { rule: string; message: string }[] = [];
  if (countCodePoints(password) < policy.minLength) {
    failed.push({ rule: 'min_length', message: `must have at least ${policy.minLength} characters` });
  }
  for (const [name, { rule, pattern, noun }] of Object.entries(COUNTED)) {
    const count = password.match(pattern)?.length ?? 0;
    if (count < policy[rule]) {
      failed.push({ rule: name, message: `must have at least ${policy[rule]} ${noun}` });
    }
  }
  return failed;
}

// Contract 6.1: A-Z, a-z, 0-9, and everything else.
const COUNTED = {
  capital_letters: { rule: 'capitalLetters', pattern: /[A-Z]/g, noun: 'capital letters' },
  lowercase_letters: { rule: 'lowercaseLetters', pattern: /[a-z]/g, noun: 'lower-case letters' },
  digits: { rule: 'digits', pattern: /[0-9]/g, noun: 'digits' },
  special_characters: { rule: 'specialCharacters', pattern: /[^A-Za-z0-9]/gu, noun: 'special characters' },
} as const;
