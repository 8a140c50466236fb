import { decodeJwt } from 'jose';
import { errors } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { Context } from 'koa';

export { errors };
export type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';

/** A pending authorization request, as the library keeps it. */
export type Interaction = InstanceType<Provider['Interaction']>;

export type InteractionResult = {
  readonly login?: { readonly accountId: string; readonly amr: string[]; readonly acr?: string };
  readonly consent?: { readonly grantId: string };
  readonly error?: string;
  readonly error_description?: string;
};

/**
 * Stores what a step has found out and sends the person on. Not the library's `interactionFinished`: that
 * answers at once, before the unit of work is written (design 4.12).
 */
export async function finishStep(ctx: Context, provider: Provider, result: InteractionResult): Promise<void> {
  const returnTo = await provider.interactionResult(ctx.req, ctx.res, result, {
    mergeWithLastSubmission: true,
  });
  // RFC 9700 §4.12: 303, so that the browser does not send the password along.
  ctx.status = 303;
  ctx.redirect(returnTo);
}

/** Whom the application expects, by its `id_token_hint`; the library has verified the hint by then. */
export function hintedSubject({ params }: Interaction): string | undefined {
  const { id_token_hint: hint } = params;
  return typeof hint === 'string' ? decodeJwt(hint).sub : undefined;
}
