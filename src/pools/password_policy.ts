import { countCodePoints } from '../credentials/password.ts';
import type { Issue } from '../domain_error.ts';

/** From the weakest: the index is the least score of zxcvbn, 0 to 4 (contract 6.1). */
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

/** A rule that a password fails, in the names of the wire, and what to change. */
export type FailedRule = { readonly rule: string; readonly message: string };

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
  for (const { name, rule } of COUNTED) {
    if (policy[rule] > MAX_COUNT)
      issues.push({ pointer: `${pointer}/${name}`, message: `must be at most ${MAX_COUNT}` });
  }
  if (policy.notUsedSince > MAX_HISTORY) {
    issues.push({ pointer: `${pointer}/not_used_since`, message: `must be at most ${MAX_HISTORY}` });
  }
  return issues;
}

/** The rules about length and kinds of characters that a password fails. It is in the form that is hashed. */
export function failedCounts(policy: PasswordPolicy, password: string): FailedRule[] {
  const failed: FailedRule[] = [];
  if (countCodePoints(password) < policy.minLength) {
    failed.push({ rule: 'min_length', message: `must have at least ${policy.minLength} characters` });
  }
  for (const { name, rule, pattern, one, several } of COUNTED) {
    const least = policy[rule];
    if ((password.match(pattern)?.length ?? 0) >= least) continue;
    failed.push({ rule: name, message: `must have at least ${least} ${least === 1 ? one : several}` });
  }
  return failed;
}

/** The rule about strength, for a score of zxcvbn. */
export function failedStrength(policy: PasswordPolicy, score: number): FailedRule[] {
  if (score >= STRENGTHS.indexOf(policy.strength)) return [];
  return [{ rule: 'strength', message: 'is too easy to guess: make it longer, or less like common words' }];
}

// Contract 6.1: A-Z, a-z, 0-9, and everything else.
const COUNTED = [
  {
    name: 'capital_letters',
    rule: 'capitalLetters',
    pattern: /[A-Z]/g,
    one: 'capital letter',
    several: 'capital letters',
  },
  {
    name: 'lowercase_letters',
    rule: 'lowercaseLetters',
    pattern: /[a-z]/g,
    one: 'lower-case letter',
    several: 'lower-case letters',
  },
  { name: 'digits', rule: 'digits', pattern: /[0-9]/g, one: 'digit', several: 'digits' },
  {
    name: 'special_characters',
    rule: 'specialCharacters',
    pattern: /[^A-Za-z0-9]/gu,
    one: 'special character',
    several: 'special characters',
  },
] as const;
