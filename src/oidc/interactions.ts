import { decodeJwt } from 'jose';
import { errors } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { Context } from 'koa';

export { errors };
export type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';

/** A pending authorization request, as the library keeps it. */
export type Interaction = InstanceType<Provider['Interaction']>;

export type InteractionResult = {
  readonly login?: {
    readonly accountId: string;
    readonly amr: string[];
    readonly acr?: string;
    /** When it was, in epoch seconds; now when absent. */
    readonly ts?: number;
  };
  readonly consent?: { readonly grantId: string };
  /** Whoever is signed in goes on. */
  readonly select_account?: object;
  readonly error?: string;
  readonly error_description?: string;
};

/**
 * Stores what a step has found out and sends the person on. Not the library's `interactionFinished`: that
 * answers at once, before the unit of work is written (design 4.12).
 */
export async function finishStep(ctx: Context, provider: Provider, result: InteractionResult): Promise<void> {
  // Who has just signed in need not be chosen as well.
  const settled = result.login ? { ...result, select_account: {} } : result;
  const returnTo = await provider.interactionResult(ctx.req, ctx.res, settled, {
    mergeWithLastSubmission: true,
  });
  // RFC 9700 §4.12: 303, so that the browser does not send the password along.
  ctx.status = 303;
  ctx.redirect(returnTo);
}

/** Turns a pending request to its sign-in, whoever is signed in at the moment. */
export async function askForSignIn(interaction: Interaction): Promise<void> {
  interaction.prompt = { name: 'login', reasons: ['select_account_prompt'], details: {} };
  await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
}

/** Whom the application expects, by its `id_token_hint`; the library has verified the hint by then. */
export function hintedSubject({ params }: Interaction): string | undefined {
  const { id_token_hint: hint } = params;
  return typeof hint === 'string' ? decodeJwt(hint).sub : undefined;
}
