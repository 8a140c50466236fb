import { invalid } from '../domain_error.ts';
import type { Sealer } from '../security/seal.ts';
import { constantTimeEqual, randomToken } from '../security/tokens.ts';
import type { AuthMethod, ClientScope } from './client.ts';

const MIN_CHARS = 32;
const MAX_CHARS = 256;
// What survives every form of client authentication without surprises (RFC 6749 §A.2).
const PRINTABLE = /^[\x20-\x7e]+$/;

/** The purpose under which secrets are hashed. */
export const CLIENT_SECRET_PURPOSE = 'client_secret';

/** The name of the place a sealed secret belongs to. */
export const clientSecretName = (scope: ClientScope): string =>
  `client_secret:${scope.tenantId}/${scope.clientId}`;

export type StoredSecret = { readonly secretHash: string | null; readonly secretSealed: string | null };

const NO_SECRET: StoredSecret = { secretHash: null, secretSealed: null };

export const hasSecret = (method: AuthMethod): boolean => method !== 'none' && method !== 'private_key_jwt';

/**
 * A client's secret, given or made, with its form at rest: hashed, or sealed where the protocol needs the clear
 * text (`client_secret_jwt`). No secret for methods that use none; giving one there is refused.
 */
export function storeSecret(
  sealer: Sealer,
  scope: ClientScope,
  method: AuthMethod,
  given: string | undefined,
): StoredSecret & { readonly clear?: string } {
  if (!hasSecret(method)) {
    if (given !== undefined) throw invalid('/client_secret', `${method} uses no secret`);
    return NO_SECRET;
  }
  if (
    given !== undefined &&
    (given.length < MIN_CHARS || given.length > MAX_CHARS || !PRINTABLE.test(given))
  ) {
    throw invalid('/client_secret', `must be ${MIN_CHARS} to ${MAX_CHARS} characters of plain ASCII`);
  }
  const clear = given ?? randomToken();
  return method === 'client_secret_jwt'
    ? { secretHash: null, secretSealed: sealer.seal(clear, clientSecretName(scope)), clear }
    : { secretHash: sealer.keyedHash(CLIENT_SECRET_PURPOSE, clear), secretSealed: null, clear };
}

/** Whether a client's secret of now is this one. */
export function isSecret(
  sealer: Sealer,
  scope: ClientScope,
  { secretHash, secretSealed }: StoredSecret,
  given: string,
): boolean {
  if (secretHash !== null) return sealer.matchesKeyedHash(CLIENT_SECRET_PURPOSE, given, secretHash);
  return (
    secretSealed !== null && constantTimeEqual(sealer.open(secretSealed, clientSecretName(scope)), given)
  );
}
