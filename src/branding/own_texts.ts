import type { Locale } from '../i18n/locales.ts';
import { isMessageKey, placeholdersOf, sentencesOf } from '../i18n/translate.ts';
import type { Issue } from '../domain_error.ts';

/** Sentences in a tenant's own words: language, name, sentence. */
export type OwnTexts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One language of them. */
export type Translation = {
  readonly locale: string;
  readonly enabled: boolean;
  readonly content: Readonly<Record<string, string>>;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** Characters of a sentence and of all of a language: it is kept in memory with every workspace of the tenant. */
export const MAX_SENTENCE = 600;
export const MAX_CONTENT = 32 * 1024;

/** Messages have templates of their own. */
const isOfPages = (name: string): boolean => isMessageKey(name) && !name.startsWith('message.');

/** The sentences of pages as Weir says them in a language. */
export function builtInTexts(locale: Locale): Record<string, string> {
  return Object.fromEntries(Object.entries(sentencesOf(locale)).filter(([name]) => isOfPages(name)));
}

/** What is wrong with sentences that are to take the place of ours. `pointer` leads to the content. */
export function contentIssues(content: Readonly<Record<string, string>>, pointer: string): Issue[] {
  const issues = Object.entries(content).flatMap(([name, sentence]) => {
    const problem = problemOf(name, sentence);
    return problem === undefined
      ? []
      : [{ pointer: `${pointer}/${name.replace('.', '/')}`, message: problem }];
  });
  if (issues.length > 0 || JSON.stringify(content).length <= MAX_CONTENT) return issues;
  return [{ pointer, message: `must have at most ${MAX_CONTENT / 1024} KiB in all` }];
}

function problemOf(name: string, sentence: string): string | undefined {
  if (!isOfPages(name)) return 'is not a sentence of our pages: the built-in translation names them all';
  if (sentence.trim() === '') return 'must not be empty: leave it out to have the built-in one';
  if (sentence.length > MAX_SENTENCE) return `must have at most ${MAX_SENTENCE} characters`;
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(sentence)) return 'must be one line without control characters';
  const known = placeholdersOf(name);
  const unknown = placeholders(sentence).filter((one) => !known.includes(one));
  if (unknown.length === 0) return undefined;
  const may = known.length === 0 ? 'may have none' : `may have ${known.join(', ')}`;
  return `has ${unknown.join(', ')}, and ${may}`;
}

/** Everything in braces: a misspelt placeholder would be shown as it is. */
const placeholders = (sentence: string): string[] => [...new Set(sentence.match(/\{[^}]*\}/g) ?? [])];
