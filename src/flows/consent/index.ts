import { withheldScopes } from '../../access/access_rules.ts';
import { localeOf } from '../../http/locale.ts';
import { HttpError } from '../../http/errors.ts';
import { renderPage } from '../../http/render.ts';
import { finishStep } from '../../oidc/interactions.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { accountIdOf, accountNameOf } from '../account_of.ts';
import type { FlowDeps } from '../deps.ts';
import { readOwnForm } from '../own_form.ts';
import { type Journey, webAddress } from '../journey.ts';
import { houseName } from '../look.ts';

/** What the consent prompt found missing; the rest was granted before. */
export type Missing = {
  missingOIDCScope?: string[];
  missingOIDCClaims?: string[];
  missingResourceScopes?: Record<string, string[]>;
};

/** Asks whether an application that is not run by the house may have what it asks for. */
export async function showConsent(deps: FlowDeps, journey: Journey): Promise<void> {
  const { ctx, server, interaction, client, app, path } = journey;
  const account = await currentUnit().findAccount(accountIdOf(journey));
  await renderPage(ctx, 'consent', {
    action: path('consent'),
    csrfToken: deps.csrf.formToken(ctx, interaction.uid),
    app,
    orgName: houseName(server.snapshot),
    scopes: askedScopes(interaction.params.scope, missingOf(journey))
      .filter((scope) => !withheldScopes(server.snapshot.access, account).has(scope))
      .map((scope) => ({ name: scope, ...textOf(journey, scope) })),
    accountName: accountNameOf(account),
    policyHref: webAddress(client.settings['policy_uri']),
    termsHref: webAddress(client.settings['tos_uri']),
    leadsTo: hostOf(interaction.params.redirect_uri),
  });
}

/** Takes the answer. A refusal goes back to the application as the protocol says (RFC 6749 §4.1.2.1). */
export async function submitConsent(deps: FlowDeps, journey: Journey): Promise<void> {
  const { ctx, server, interaction, client } = journey;
  const form = await readOwnForm(deps, journey);
  const decision = form.get('decision');
  if (decision === 'deny') {
    return finishStep(ctx, server.provider, {
      error: 'access_denied',
      error_description: 'the person did not allow it',
    });
  }
  if (decision !== 'allow') throw new HttpError(400, 'Answer with allow or deny');

  const { Grant } = server.provider;
  const known = interaction.grantId === undefined ? undefined : await Grant.find(interaction.grantId);
  const grant = known ?? new Grant({ accountId: accountIdOf(journey), clientId: client.clientId });
  const missing = missingOf(journey);
  if (missing.missingOIDCScope) grant.addOIDCScope(missing.missingOIDCScope.join(' '));
  if (missing.missingOIDCClaims) grant.addOIDCClaims(missing.missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missing.missingResourceScopes ?? {})) {
    grant.addResourceScope(resource, scopes.join(' '));
  }
  const grantId = await grant.save();
  currentUnit().audit(
    { subject: 'login', action: 'consented', payload: { scope: interaction.params.scope } },
    { kind: 'user', clientId: client.clientId, userId: accountIdOf(journey) },
  );
  return finishStep(ctx, server.provider, { consent: { grantId } });
}

/** What an administrator wrote about a scope of the workspace's own, in the language of the page. */
function textOf({ ctx, server }: Journey, name: string): { title?: string; description?: string } {
  const scope = server.snapshot.access.scopes.find((one) => one.name === name);
  if (!scope) return {};
  const said = scope.translations[localeOf(ctx)];
  const title = said?.displayName || scope.displayName;
  const description = said?.description || scope.description;
  return { ...(title === '' ? {} : { title }), ...(description === '' ? {} : { description }) };
}

/** What the library found missing in the grant. */
export function missingOf({ interaction }: Journey): Missing {
  return interaction.prompt.details;
}

/** What is asked now, or all of it where the person is asked again on principle (native clients, prompt=consent). */
export function askedScopes(requested: unknown, missing: Missing): string[] {
  const fresh = distinct([
    ...(missing.missingOIDCScope ?? []),
    ...Object.values(missing.missingResourceScopes ?? {}).flat(),
  ]);
  const scopes = fresh.length > 0 ? fresh : typeof requested === 'string' ? requested.split(' ') : [];
  // Every request knows who it is for: said only where there is nothing else to say.
  const telling = scopes.filter((scope) => scope !== '' && scope !== 'openid');
  return telling.length > 0 ? telling : ['openid'];
}

/** Where the answer goes, for those who look at addresses. Native applications have none that says anything. */
function hostOf(redirectUri: unknown): string | undefined {
  const href = webAddress(redirectUri);
  return href === undefined ? undefined : new URL(href).host;
}

const distinct = (names: readonly string[]): string[] => [...new Set(names)];
