import { boundsOf, isKnownHash } from './index.ts';
import { readContractHash } from './imported_contract.ts';
import { readKeycloakCredential } from './imported_keycloak.ts';
import { readTextHash } from './imported_text.ts';
import { refused, type ReadHash } from './read_hash.ts';

export type { ReadHash } from './read_hash.ts';

const MAX_TEXT_CHARS = 4096;

/**
 * Reads a password hash that another system made, and gives the text under which it is stored and verified from
 * now on. Whatever could not be verified later is refused here, with the reason (S-PW-13, T-1105).
 * @param form a text (PHC and MCF strings, LDAP, Django, Werkzeug, or one of the objects as JSON), a hash as the
 *   contract has it (5.11: `{value, config: {method, <method>: {...}}}`, with `scrypt` and `firebase_scrypt` as
 *   further methods), or a Keycloak credential (`{secretData, credentialData}`).
 */
export function readImportedHash(form: unknown): ReadHash {
  const read = dispatch(form);
  if (!read.ok || isKnownHash(read.stored)) return read;
  const bounds = boundsOf(read.stored);
  return refused(
    bounds === undefined ? 'is a hash of no known format' : `is beyond what is verified here: ${bounds}`,
  );
}

function dispatch(form: unknown): ReadHash {
  if (typeof form === 'string') {
    const text = form.trim();
    if (text === '') return refused('is empty');
    if (text.length > MAX_TEXT_CHARS) return refused(`is longer than ${MAX_TEXT_CHARS} characters`);
    const inside = text.startsWith('{"') ? parsed(text) : undefined;
    return inside === undefined ? readTextHash(text) : dispatch(inside);
  }
  if (typeof form !== 'object' || form === null || Array.isArray(form)) return refused('is no hash');
  return 'secretData' in form || 'credentialData' in form
    ? readKeycloakCredential(form)
    : readContractHash(form);
}

/** An object in JSON; never another text, so that nothing nests. */
function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
