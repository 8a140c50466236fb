import { decide } from '../../oidc/decided_grant.ts';
import { finishStep } from '../../oidc/interactions.ts';
import type { ConsentAnswer } from '../../sessions/handshake.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { accountIdOf } from '../account_of.ts';
import { askedScopes, missingOf } from '../consent/index.ts';
import type { Journey } from '../journey.ts';

/** Grants what the page outside was told to, and keeps what it was not as refused. */
export async function finishConsent(journey: Journey, answer: ConsentAnswer): Promise<void> {
  const { ctx, server, interaction, client } = journey;
  const { Grant } = server.provider;
  const accountId = accountIdOf(journey);
  const known = interaction.grantId === undefined ? undefined : await Grant.find(interaction.grantId);
  const grant = known ?? new Grant({ accountId, clientId: client.clientId });

  const missing = missingOf(journey);
  // Asked again about what was granted or refused before (prompt=consent): the new answer counts for that too.
  const asked = new Set(askedScopes(interaction.params.scope, missing));
  const decidedBefore = (text: string) => text.split(' ').filter((scope) => asked.has(scope));
  const resources: Record<string, string[]> = { ...missing.missingResourceScopes };
  const before = [grant.resources, grant.rejected?.resources].flatMap((one) => Object.entries(one ?? {}));
  for (const [audience, scope] of before) {
    resources[audience] = [...(resources[audience] ?? []), ...decidedBefore(scope)];
  }
  decide(grant, {
    scopes: [...(missing.missingOIDCScope ?? []), ...decidedBefore(grant.getOIDCScopeEncountered())],
    claims: missing.missingOIDCClaims ?? [],
    resources,
    // Who it is for goes with whatever is granted: without it there is no sign-in at all.
    grantsScope: (scope) => scope === 'openid' || answer.scopes.includes(scope),
    grantsClaim: (claim) => answer.claims.includes(claim),
  });
  const grantId = await grant.save();
  currentUnit().audit(
    { subject: 'login', action: 'consented', payload: { scope: answer.scopes.join(' ') } },
    { kind: 'user', clientId: client.clientId, userId: accountId },
  );
  await finishStep(ctx, server.provider, { consent: { grantId } });
}
