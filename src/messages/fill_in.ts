/** The variables of a message (contract 7.2): nothing else can be named in a text. */
export type MessageVariables = Readonly<Partial<Record<VariableName, string>>>;
export type VariableName = 'OTP.Code' | 'OTP.Link' | 'Product.Name' | 'Address';

const VARIABLE = /\{\{\s*([A-Za-z.]+)\s*\}\}/g;
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Puts values in the place of `{{OTP.Code}}` and its like. Logic-less: no conditions, no nesting, and a value that
 * looks like a variable stays text. What is unknown or has no value becomes nothing.
 * @param as `html` escapes every value; the text around them is the template's own.
 */
export function fillIn(template: string, variables: MessageVariables, as: 'text' | 'html'): string {
  return template.replace(VARIABLE, (_, name: string) => {
    const value = Object.hasOwn(variables, name) ? (variables[name as VariableName] ?? '') : '';
    return as === 'html' ? value.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '') : value;
  });
}
