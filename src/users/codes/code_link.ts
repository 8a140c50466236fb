import type { CodeType } from '../../credentials/codes.ts';
import type { PoolScope } from '../../pools/pool.ts';

/** The page that a link leads to (contract 5.1, 5.6, 7.2); codes of a sign-in are typed, never followed. */
const PAGES: Readonly<Partial<Record<CodeType, string>>> = {
  activation: 'activate',
  reset_password: 'set-password',
  verify_address: 'verify-address',
  reset_totp: 'set-totp',
  enroll_webauthn: 'set-passkey',
};

/** The link of a message: `{publicUrl}/{tid}/identity/{ipID}/activate?code=...&server_id=...`. */
export function codeLink(
  publicUrl: string,
  { tenantId, poolId }: PoolScope,
  type: CodeType,
  about: { readonly extendedCode: string; readonly workspaceId?: string | undefined },
): string | undefined {
  const page = PAGES[type];
  if (page === undefined) return undefined;
  const query = { code: about.extendedCode };
  return pageLink(publicUrl, { tenantId, poolId }, page, { query, workspaceId: about.workspaceId });
}

/** The address of a page of a pool, for a message. */
export function pageLink(
  publicUrl: string,
  { tenantId, poolId }: PoolScope,
  page: string,
  {
    query = {},
    workspaceId,
  }: { readonly query?: Record<string, string>; readonly workspaceId?: string | undefined },
): string {
  const parameters = new URLSearchParams(query);
  if (workspaceId !== undefined) parameters.set('server_id', workspaceId);
  const text = parameters.toString();
  const at = `${publicUrl.replace(/\/$/, '')}/${tenantId}/identity/${poolId}/${page}`;
  return text === '' ? at : `${at}?${text}`;
}
