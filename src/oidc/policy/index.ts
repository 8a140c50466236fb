import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

const { base, Check } = interactionPolicy;

// What an application hears that asked without a prompt (OIDC Core §3.1.2.6).
const LOGIN_REQUIRED = 'login_required';

/**
 * When a person must be asked: the library's prompts plus what the product adds, as data. A new reason to
 * interrupt a sign-in is a new check here, never a condition in a route.
 */
export function createPolicy({ absoluteSessionSeconds }: { absoluteSessionSeconds: number }) {
  const policy = base();
  const login = policy.get('login');
  if (!login) throw new Error('the base policy has a login prompt');
  login.checks.add(
    new Check(
      'account_unusable',
      'the signed-in person may not act here any more',
      LOGIN_REQUIRED,
      accountUnusable,
    ),
  );
  login.checks.add(
    new Check('session_too_old', 'the session has reached its absolute end', LOGIN_REQUIRED, (ctx) =>
      isTooOld(ctx, absoluteSessionSeconds),
    ),
  );
  return policy;
}

// `loadAccount` found nobody for the session's account: deactivated, deleted, pool gone or disconnected (rule 25).
function accountUnusable(ctx: KoaContextWithOIDC): boolean {
  const { session, account } = ctx.oidc;
  return session?.accountId !== undefined && account === undefined;
}

// Touches move a session's idle end; nothing moves this one (S-SES-03).
function isTooOld(ctx: KoaContextWithOIDC, absoluteSessionSeconds: number): boolean {
  const { session, result } = ctx.oidc;
  if (!session?.accountId || result?.login) return false;
  return session.past(absoluteSessionSeconds);
}
