import type { Issue } from '../domain_error.ts';

const MAX_CHARS = 2048;
// Visible ASCII: the URL parser would silently drop tabs and line breaks, and turn backslashes into slashes.
const PLAIN = /^[\x21-\x5b\x5d-\x7e]+$/;
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
// RFC 8252 §7.1: a private-use scheme is a domain name in reverse, so it has a dot.
const PRIVATE_USE_SCHEME = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:$/;

/** What is wrong with a URI that people or tokens are sent back to (S-OA-01, T-702), or undefined. */
export function redirectUriProblem(uri: string, applicationType: 'web' | 'native'): string | undefined {
  if (uri.length > MAX_CHARS) return `must be at most ${MAX_CHARS} characters`;
  if (!PLAIN.test(uri) || !URL.canParse(uri)) return 'must be an absolute URI in plain ASCII';
  if (uri.includes('#')) return 'must not have a fragment';
  if (uri.includes('*')) return 'must not have a wildcard: register every URI in full';
  const url = new URL(uri);
  // The URL parser forgives missing slashes; comparison by text does not.
  if (/^https?:$/.test(url.protocol) && !/^https?:\/\/[^/]/i.test(uri))
    return 'must be an absolute URI in plain ASCII';
  if (url.username !== '' || url.password !== '' || /^[^:]+:\/\/[^/?]*@/.test(uri)) {
    return 'must not carry a user name';
  }
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:') {
    return LOOPBACK_HOSTS.has(url.hostname) ? undefined : 'must use https (http only on localhost)';
  }
  if (applicationType === 'native' && PRIVATE_USE_SCHEME.test(url.protocol)) return undefined;
  return applicationType === 'native'
    ? 'must use https, http on localhost, or a scheme such as com.example.app:'
    : 'must use https (http only on localhost)';
}

/** What is wrong with a URI of a page, picture or endpoint; the empty text stands for none. */
export function pageUriIssues(pointer: string, uri: string | undefined): Issue[] {
  if (uri === undefined || uri === '') return [];
  const problem = redirectUriProblem(uri, 'web');
  return problem === undefined ? [] : [{ pointer, message: problem }];
}
