import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

const { base, Check, Prompt } = interactionPolicy;

// What an application hears that asked without a prompt (OIDC Core §3.1.2.6).
const LOGIN_REQUIRED = 'login_required';

/**
 * When a person must be asked: the library's prompts plus what the product adds, as data. A new reason to
 * interrupt a sign-in is a new check here, never a condition in a route.
 */
export function createPolicy(rules: {
  readonly absoluteSessionSeconds: number;
  /** Whether this person's sign-in counts for the application that asked for it alone. */
  readonly servesOneApplication: (ctx: KoaContextWithOIDC) => boolean;
  /** Whether the application asks for more than the session has proven. */
  readonly needsStepUp: (ctx: KoaContextWithOIDC) => boolean;
  /** Whether the signed-in person lacks the groups that the application requires. */
  readonly isShutOut: (ctx: KoaContextWithOIDC) => boolean;
  /** Throws when they lack those of an API that is asked for. */
  readonly refuseApis: (ctx: KoaContextWithOIDC) => void;
}) {
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
      isTooOld(ctx, rules.absoluteSessionSeconds),
    ),
  );
  login.checks.add(
    new Check('no_single_sign_on', 'every application asks for its own sign-in', LOGIN_REQUIRED, (ctx) =>
      rules.servesOneApplication(ctx),
    ),
  );
  login.checks.add(
    new Check('second_factor_wanted', 'the application asks for two factors', LOGIN_REQUIRED, (ctx) =>
      rules.needsStepUp(ctx),
    ),
  );
  // After the sign-in: with nobody signed in there is nobody to choose.
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 1);
  // After the sign-in, before the consent: nobody allows what they could not use.
  policy.add(
    new Prompt(
      { name: 'access', requestable: false },
      new Check('group_required', 'the person may not use this application', 'access_denied', (ctx) => {
        if (rules.isShutOut(ctx)) return true;
        rules.refuseApis(ctx);
        return false;
      }),
    ),
    2,
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
