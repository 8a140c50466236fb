import { badRequest } from '../http/errors.ts';

const MAX_CHARS = 8192;

/**
 * The parameters of a query string, each at most once. Throws `HttpError` 400 for one given twice, for broken
 * percent-encoding and for NUL.
 */
export function parseQuery(querystring: string): Record<string, string> {
  if (querystring.length > MAX_CHARS) throw badRequest(`The query must not exceed ${MAX_CHARS} characters`);
  const parameters = new Map<string, string>();
  for (const part of querystring.split('&')) {
    if (part === '') continue;
    const [name = '', ...value] = part.split('=');
    const key = decode(name);
    if (parameters.has(key)) throw badRequest('The query has the same parameter twice');
    parameters.set(key, decode(value.join('=')));
  }
  return Object.fromEntries(parameters);
}

function decode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw badRequest('The query is not properly percent-encoded');
  }
  if (decoded.includes('\0')) throw badRequest('The query has a NUL character');
  return decoded;
}
