import type { AskedField } from './code_pages.ts';
import type { Say } from './page_views.ts';

/** What a field says beside its label. */
export function fieldWords(
  field: AskedField,
  say: Say,
): { hintText: string | undefined; errorText: string | undefined } {
  const { minLength = 0, maxLength, minimum, maximum, label } = field;
  const range =
    field.kind === 'number' && minimum !== undefined && maximum !== undefined
      ? say('field.between', { minimum, maximum })
      : field.kind === 'text' && minLength > 1 && maxLength !== undefined
        ? say('field.length', { minimum: minLength, maximum: maxLength })
        : undefined;
  const oneEach = field.kind === 'list' ? say('field.list') : undefined;
  const hints = [field.hint, range, oneEach].filter((hint) => hint !== undefined);
  const wrong = field.error === 'missing' ? 'field.missing' : 'field.refused';
  return {
    hintText: hints.length === 0 ? undefined : hints.join(' '),
    errorText: field.error && say(wrong, { field: label }),
  };
}
