/** The variables of a message (contract 7.2): nothing else can be named in a text. */
export const VARIABLES = ['OTP.Code', 'OTP.Link', 'OTP.Validity', 'Address', 'Product.Name'] as const;
export type Variable = (typeof VARIABLES)[number];
export type MessageVariables = Readonly<Partial<Record<Variable, string>>>;

/** In one line: texts are taken apart by lines before they are filled in. */
const VARIABLE = /\{\{[^\S\n]*([A-Za-z.]+)[^\S\n]*\}\}/g;

/**
 * Puts values in the place of `{{OTP.Code}}` and its like. Logic-less: no conditions, no nesting, and a value that
 * looks like a variable stays text. What is unknown or has no value becomes nothing.
 */
export function fillIn(text: string, variables: MessageVariables): string {
  return text.replaceAll(VARIABLE, (_, name: string) => (isVariable(name) ? (variables[name] ?? '') : ''));
}

/** The names between double braces, known or not, each once. */
export function namesIn(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map(([, name = '']) => name))];
}

/** What stands in braces and is no variable: a reader would see it as it is. */
export function strayBraces(text: string): string | undefined {
  return /\{\{[^{}]{0,40}\}?\}?|\}\}/.exec(text.replaceAll(VARIABLE, ''))?.[0];
}

/**
 * A word that has a code or a link in it and could be read as an address: where that leads to would be told the code
 * of whoever follows it, and of whoever's mail program looks at it first.
 */
export function addressWith(text: string): string | undefined {
  return text
    .replaceAll(VARIABLE, (_, name: string) => `{{${name}}}`)
    .split(/\s+/)
    .find((word) => /\{\{OTP\.(?:Code|Link)\}\}/.test(word) && ADDRESS.test(word.replaceAll(VARIABLE, 'x')));
}

/** What joins the parts of an address, and a line that browsers fill in (`@id.example.com #123456`). */
const ADDRESS = /[/\\?&=#@%]|[^\s.]\.[^\s.]/;

export const isVariable = (name: string): name is Variable => VARIABLES.some((one) => one === name);
