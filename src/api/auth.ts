import type { IncomingMessage } from 'node:http';
import { HttpError } from '../http/errors.ts';
import type { Principal, TokenVerifier } from '../roles/principal.ts';
import { isSlug } from '../tenants/slug.ts';

// RFC 6750 §2.1.
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/**
 * Who calls, as proven by a bearer token of one workspace. Throws `HttpError` 401 in the same words for a
 * missing, malformed, expired or foreign token, and for a tenant or workspace that does not exist.
 */
export async function authenticate(
  req: IncomingMessage,
  workspace: { readonly tenantId: string; readonly workspaceId: string },
  verifyToken: TokenVerifier,
): Promise<Principal> {
  const header = req.headers.authorization;
  if (header === undefined) throw unauthorized();
  // Node keeps the first of several; which one counts must not depend on who reads.
  const given = req.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization');
  const token = given.length === 1 ? BEARER.exec(header)?.[1] : undefined;
  if (token === undefined) throw unauthorized('invalid_request');
  const { tenantId, workspaceId } = workspace;
  const isKnowable = isSlug(tenantId) && isSlug(workspaceId);
  const principal = isKnowable ? await verifyToken(tenantId, workspaceId, token) : undefined;
  if (principal === undefined) throw unauthorized('invalid_token');
  return principal;
}

// RFC 6750 §3: no error code where there was no token at all.
function unauthorized(error?: 'invalid_request' | 'invalid_token'): HttpError {
  const challenge = 'Bearer realm="weir"';
  return new HttpError(401, 'This needs a valid access token of the tenant, as a bearer token', {
    headers: { 'WWW-Authenticate': error === undefined ? challenge : `${challenge}, error="${error}"` },
  });
}
