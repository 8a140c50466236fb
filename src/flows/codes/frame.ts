import type { Context } from 'koa';
import type { Actor } from '../../events/audit.ts';
import { correlationId } from '../../http/request_id.ts';
import type { AppLabel } from '../../http/pages.ts';
import type { Mechanism, Pool, PoolScope } from '../../pools/pool.ts';
import type { WorkspaceSnapshot } from '../../workspaces/snapshot.ts';

/** The pages of the journeys with codes; each is the last part of its address. */
export type CodePage =
  | 'activate'
  | 'activate-resend'
  | 'activate-code'
  | 'activate-account'
  | 'reset-password'
  | 'reset-password-code'
  | 'set-password'
  | 'verify-address'
  | 'object-address'
  | 'lost-totp'
  | 'lost-totp-code'
  | 'set-totp'
  | 'set-totp-proof'
  | 'set-totp-confirm'
  | 'lost-passkey'
  | 'lost-passkey-code'
  | 'set-passkey'
  | 'set-passkey-proof'
  | 'set-passkey-options'
  | 'set-passkey-confirm'
  | 'check-password'
  | 'register'
  | 'register-code'
  | 'register-resend';

/**
 * Where the pages of a pool stand: entered from a message or a bookmark, or inside somebody's sign-in. The pages
 * themselves are the same.
 */
export type CodeFrame = {
  readonly ctx: Context;
  readonly scope: PoolScope;
  readonly pool: Pool;
  readonly workspaceId: string | undefined;
  readonly app: AppLabel | undefined;
  /** The application that the person came from. */
  readonly clientId: string | undefined;
  /** What the forms belong to. */
  readonly flow: string;
  readonly isInSignIn: boolean;
  readonly path: (page: CodePage) => string;
  /** The ways to sign in that are open here: the pool's, under the workspace's ceiling (contract 6.5). */
  readonly mechanisms: readonly Mechanism[];
  /** The pool that the person has chosen among several. */
  readonly crumb?: { readonly name: string; readonly color: string; readonly changeHref: string };
  /** Inside a sign-in: goes on to the application with somebody who has just proven to be this person. */
  readonly complete?: (person: { readonly typed: string; readonly userId: string }) => Promise<void>;
  /** Where "Sign in" leads; `clientId` as it was kept with a code. */
  readonly findSignIn: (clientId?: string) => Promise<string | undefined>;
};

/** The ways to sign in of a pool that a workspace lets its people use; all of them where none is named. */
export function mechanismsIn(
  { authenticationMechanisms }: Pool,
  snapshot: Pick<WorkspaceSnapshot, 'mechanisms'> | undefined,
): readonly Mechanism[] {
  if (snapshot === undefined) return authenticationMechanisms;
  return authenticationMechanisms.filter((one) => snapshot.mechanisms.includes(one));
}

export type CodeStep = (frame: CodeFrame) => Promise<void>;

const MAX_USER_AGENT = 256;

/** Who acts on a hosted page: somebody, of whom only this is known. */
export function visitor({ ctx, workspaceId, clientId }: CodeFrame): Actor {
  const userAgent = ctx.get('User-Agent').slice(0, MAX_USER_AGENT);
  return {
    kind: 'user',
    ip: ctx.ip,
    correlationId: correlationId(ctx),
    ...(userAgent === '' ? {} : { userAgent }),
    ...(workspaceId === undefined ? {} : { workspaceId }),
    ...(clientId === undefined ? {} : { clientId }),
  };
}

/** The application's name and logo, where a page takes them. */
export const appOf = ({ app }: Pick<CodeFrame, 'app'>): { app?: AppLabel } =>
  app === undefined ? {} : { app };
