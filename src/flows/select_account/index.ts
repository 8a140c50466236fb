import { HttpError } from '../../http/errors.ts';
import { renderPage } from '../../http/render.ts';
import { askForSignIn, finishStep } from '../../oidc/interactions.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { accountIdOf, accountNameOf } from '../account_of.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { readOwnForm } from '../own_form.ts';

/** Asks who is here, as the application wanted (`prompt=select_account`): whoever is signed in, or somebody else. */
export async function showAccounts(deps: FlowDeps, journey: Journey): Promise<void> {
  const { ctx, interaction, app, path } = journey;
  const account = await currentUnit().findAccount(accountIdOf(journey));
  await renderPage(ctx, 'account_chooser', {
    action: path('account'),
    csrfToken: deps.csrf.formToken(ctx, interaction.uid),
    app,
    account: accountNameOf(account),
  });
}

/** Goes on as the one who is signed in, or to the sign-in. The session lasts until somebody else has signed in. */
export async function chooseAccount(deps: FlowDeps, journey: Journey): Promise<void> {
  const { ctx, server, interaction, path } = journey;
  const form = await readOwnForm(deps, journey);
  const choice = form.get('account');
  if (choice === 'current') return finishStep(ctx, server.provider, { select_account: {} });
  if (choice !== 'other') throw new HttpError(400, 'Answer with current or other');
  await askForSignIn(interaction);
  ctx.status = 303;
  ctx.redirect(path());
}
