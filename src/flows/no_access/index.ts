import { isAdmitted } from '../../access/required_groups.ts';
import { renderPage } from '../../http/render.ts';
import { finishStep } from '../../oidc/interactions.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { accountNameOf } from '../account_of.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { houseName } from '../look.ts';
import { readOwnForm } from '../own_form.ts';

/** Says that the application is for members of certain groups, who can help, and how to go back. */
export async function showNoAccess(deps: FlowDeps, journey: Journey): Promise<void> {
  const { ctx, server, interaction, client, app, path } = journey;
  const account = await currentUnit().findAccount(interaction.session?.accountId ?? '');
  // Let in meanwhile: on they go.
  if (isAdmitted(client.requiredGroups, account)) return finishStep(ctx, server.provider, {});
  await renderPage(ctx, 'no_access', {
    action: path('no-access'),
    csrfToken: deps.csrf.formToken(ctx, interaction.uid),
    app,
    orgName: houseName(server.snapshot),
    accountName: accountNameOf(account),
    signOutHref: `${server.issuer}/oidc/logout`,
  });
}

/** Leads back to the application, which hears it as the protocol says (RFC 6749 §4.1.2.1). */
export async function leaveWithoutAccess(deps: FlowDeps, journey: Journey): Promise<void> {
  await readOwnForm(deps, journey);
  return finishStep(journey.ctx, journey.server.provider, {
    error: 'access_denied',
    error_description: 'the person may not use this application',
  });
}
