import { invalid, refuseAny, type Issue } from '../domain_error.ts';

/** What a page outside is asked to do for a pending request. */
export type HandshakeKind = 'login' | 'consent';

/** What such a page may know of the request. */
export type HandshakeRequest = {
  readonly clientId: string;
  readonly clientName: string;
  readonly logoUri?: string | undefined;
  /** What the application asks for; for consent, what the person is asked now. */
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  readonly acrValues: readonly string[];
  readonly prompt?: string | undefined;
  readonly maxAgeSeconds?: number | undefined;
  readonly loginHint?: string | undefined;
  readonly idpHint?: string | undefined;
  readonly uiLocales?: string | undefined;
  /** For consent: who is asked. */
  readonly subject?: string | undefined;
};

export type SignInAnswer = {
  readonly subject: string;
  readonly amr: readonly string[];
  /** Epoch seconds. */
  readonly authTime: number;
};
export type ConsentAnswer = { readonly scopes: readonly string[]; readonly claims: readonly string[] };
export type Rejection = { readonly error: string; readonly errorDescription: string };

/** What the page outside found out. */
export type HandshakeAnswer =
  | { readonly login: SignInAnswer }
  | { readonly consent: ConsentAnswer }
  | { readonly rejected: Rejection };

export type Handshake = {
  readonly tenantId: string;
  readonly workspaceId: string;
  readonly kind: HandshakeKind;
  readonly request: HandshakeRequest;
  readonly interactionSealed: string;
  readonly answered: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

/** The place for which the name of an interaction is sealed. */
export const interactionName = (tenantId: string, workspaceId: string): string =>
  `page_handshake:${tenantId}/${workspaceId}`;

/** What clocks of two machines may differ by. */
const SKEW_SECONDS = 30;

/**
 * The moment of a sign-in as the page claims it, in epoch seconds; now when it says nothing. Refuses a moment to
 * come, and one that is too long ago for what the application asked (OpenID Connect Core §3.1.2.1).
 */
export function checkedAuthTime(
  { request, createdAt }: Pick<Handshake, 'request' | 'createdAt'>,
  claimed: Date | undefined,
  now: number = Math.floor(Date.now() / 1000),
): number {
  if (claimed === undefined) return now;
  const authTime = Math.floor(claimed.getTime() / 1000);
  const { maxAgeSeconds, prompt = '' } = request;
  if (authTime > now + SKEW_SECONDS) throw invalid('/auth_time', 'must not be in the future');
  if (maxAgeSeconds !== undefined && now - authTime > maxAgeSeconds + SKEW_SECONDS) {
    throw invalid('/auth_time', `the application asks for a sign-in within ${maxAgeSeconds}s`);
  }
  if (prompt.split(' ').includes('login') && authTime < createdAt.getTime() / 1000 - SKEW_SECONDS) {
    throw invalid('/auth_time', 'the application asks for a new sign-in');
  }
  return Math.min(authTime, now);
}

/** Refuses to grant what was not asked for, naming each. */
export function checkGranted({ request }: Pick<Handshake, 'request'>, answer: ConsentAnswer): void {
  const surplus = (pointer: string, granted: readonly string[], asked: readonly string[]): Issue[] =>
    granted.flatMap((name, index) =>
      asked.includes(name) ? [] : [{ pointer: `${pointer}/${index}`, message: 'was not asked for' }],
    );
  refuseAny([
    ...surplus('/granted_scopes', answer.scopes, request.scopes),
    ...surplus('/granted_claims', answer.claims, request.claims),
  ]);
}
