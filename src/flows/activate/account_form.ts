import type { Issue } from '../../domain_error.ts';
import type { AskedField } from '../../http/code_pages.ts';
import type { FormFields } from '../../http/form_body.ts';
import { pointerStep } from '../../schemas/json_schema.ts';
import { optionName, type FormField } from '../../schemas/form_fields.ts';

/** What browsers know by these names of claims (HTML, "Autofill"; OpenID Connect Core §5.1). */
const AUTOCOMPLETE: ReadonlyMap<string, string> = new Map([
  ['name', 'name'],
  ['given_name', 'given-name'],
  ['middle_name', 'additional-name'],
  ['family_name', 'family-name'],
  ['nickname', 'nickname'],
  ['birthdate', 'bday'],
  ['website', 'url'],
  ['organization', 'organization'],
]);

const PLAIN = /^[\w-]+$/;

/** The name of the form field for a property. */
export const fieldName = (property: string): string => `payload.${property}`;

/** The fields as the page shows them: with what was filled in, and what is wrong with it. */
export function askedFields(
  fields: readonly FormField[],
  form?: FormFields,
  issues: readonly Issue[] = [],
): AskedField[] {
  return fields.map((field, index) => {
    const value = form?.get(fieldName(field.name)) ?? '';
    const chosen = field.options.filter((_, at) => form?.has(fieldName(optionName(field.name, at))));
    const isEmpty = field.kind === 'choices' ? chosen.length === 0 : value === '';
    const at = `/payload${pointerStep(field.name)}`;
    const isMissing = form !== undefined && field.required && field.kind !== 'checkbox' && isEmpty;
    const isWrong = isMissing || issues.some(({ pointer }) => pointer === at || pointer.startsWith(`${at}/`));
    const autocomplete = AUTOCOMPLETE.get(field.name);
    return {
      ...withoutAbsent(field),
      name: fieldName(field.name),
      id: `payload-${PLAIN.test(field.name) ? field.name : index}`,
      value,
      ...(field.kind === 'choices' ? { chosen } : {}),
      ...(autocomplete === undefined ? {} : { autocomplete }),
      ...(isWrong ? { error: isEmpty ? ('missing' as const) : ('refused' as const) } : {}),
    };
  });
}

function withoutAbsent(field: FormField) {
  const { kind, label, hint, required, options, minLength, maxLength, minimum, maximum, wholeNumber } = field;
  return {
    kind,
    label,
    required,
    options,
    wholeNumber,
    ...(hint === undefined ? {} : { hint }),
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  };
}
