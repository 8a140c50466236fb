import type { HandshakeKind, HandshakeRequest } from '../../sessions/handshake.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { finishStep } from '../../oidc/interactions.ts';
import { withheldScopes } from '../../access/access_rules.ts';
import { accountIdOf } from '../account_of.ts';
import { askedScopes, missingOf } from '../consent/index.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { finishConsent } from './consent.ts';
import { finishSignIn } from './sign_in.ts';

/** The page outside that the workspace puts in the place of ours for what is asked now, if it does. */
export function ownPageOf({ server, interaction }: Journey): { kind: HandshakeKind; url: URL } | undefined {
  const { customLoginUrl, customConsentUrl } = server.snapshot;
  const { name } = interaction.prompt;
  const url = name === 'login' ? customLoginUrl : name === 'consent' ? customConsentUrl : '';
  return url === '' ? undefined : { kind: name as HandshakeKind, url: new URL(url) };
}

/**
 * Sends the person to the page outside, with names that are good for nothing but the system API (contract 4).
 * Whatever was on its way here, a form of ours included, begins again there.
 */
export async function leaveForOwnPage(
  deps: FlowDeps,
  journey: Journey,
  { kind, url }: { kind: HandshakeKind; url: URL },
): Promise<void> {
  const { ctx, server, interaction } = journey;
  const { loginId, state } = await deps.domain.handshakes.begin(
    server.snapshot,
    kind,
    { id: interaction.uid, expiresAt: new Date(interaction.exp * 1000) },
    kind === 'login' ? requestOf(journey) : await consentRequestOf(journey),
  );
  url.searchParams.set('login_id', loginId);
  url.searchParams.set('login_state', state);
  ctx.status = 303;
  ctx.redirect(url.href);
}

/**
 * Goes on with what the page outside has told the system API. It takes the cookie of the browser that began, like
 * every step of a journey, and the verifier of the one that was sent back: whoever has only one of them begins
 * again.
 */
export async function continueWithAnswer(deps: FlowDeps, journey: Journey, verifier: string): Promise<void> {
  const { ctx, server, interaction, path } = journey;
  const kind = interaction.prompt.name as HandshakeKind;
  const proof = { interactionId: interaction.uid, verifier };
  const answer = await deps.domain.handshakes.take(server.snapshot, kind, proof);
  if (answer === undefined) {
    ctx.status = 303;
    ctx.redirect(path());
  } else if ('login' in answer) {
    await finishSignIn(journey, answer.login);
  } else if ('consent' in answer) {
    await finishConsent(journey, answer.consent);
  } else {
    const { error, errorDescription } = answer.rejected;
    const description = errorDescription === '' ? {} : { error_description: errorDescription };
    await finishStep(ctx, server.provider, { error, ...description });
  }
}

function requestOf({ interaction, client, app }: Journey): HandshakeRequest {
  const { params } = interaction;
  const maxAge = Number(params.max_age);
  return {
    clientId: client.clientId,
    clientName: client.clientName,
    logoUri: app.logoUri,
    scopes: words(params.scope),
    claims: [],
    acrValues: words(params.acr_values),
    prompt: text(params.prompt),
    maxAgeSeconds: params.max_age !== undefined && Number.isFinite(maxAge) ? maxAge : undefined,
    loginHint: text(params.login_hint),
    idpHint: text(params.idp_hint),
    uiLocales: text(params.ui_locales),
  };
}

async function consentRequestOf(journey: Journey): Promise<HandshakeRequest> {
  const { server, interaction } = journey;
  const subject = accountIdOf(journey);
  const missing = missingOf(journey);
  const withheld = withheldScopes(server.snapshot.access, await currentUnit().findAccount(subject));
  const scopes = askedScopes(interaction.params.scope, missing).filter((scope) => !withheld.has(scope));
  return { ...requestOf(journey), scopes, claims: missing.missingOIDCClaims ?? [], subject };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const words = (value: unknown): string[] =>
  text(value)
    ?.split(' ')
    .filter((word) => word !== '') ?? [];
