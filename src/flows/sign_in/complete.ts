import { endBrowserSession } from '../../oidc/browser_session.ts';
import { finishStep, hintedSubject } from '../../oidc/interactions.ts';
import { subjectFor } from '../../oidc/subjects.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import type { Account } from '../../users/account.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { acrOf, amrOf, type Proven } from './factors.ts';
import { ownIdOf } from './matched.ts';
import { rememberBrowser } from './known_browser_cookie.ts';

/** Everything that was asked for is proven: remembers the browser, and goes on to the application. */
export async function finishSignIn(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  account: Account,
  proven: Proven,
): Promise<void> {
  const { ctx, server, interaction, client } = journey;
  const { userId, poolId } = account;
  rememberBrowser(deps, ctx, { tenantId: server.snapshot.tenantId, poolId, userId });

  // OpenID Connect Core §3.1.2.1: the application asked for somebody else, so nobody is signed in.
  const expected = hintedSubject(interaction);
  if (expected !== undefined && expected !== subjectFor(server.snapshot, client, userId)) {
    const description = 'somebody else than id_token_hint says has signed in';
    await finishStep(ctx, server.provider, { error: 'login_required', error_description: description });
    return;
  }

  const unit = currentUnit();
  const amr = amrOf(proven);
  const connectionId = ownIdOf(journey, connection);
  unit.knowAccount(account);
  unit.audit(
    {
      subject: 'login',
      action: 'accepted',
      payload: { authn_method: proven.methods[0], idp_id: connectionId, amr, acr: acrOf(proven) },
      affected: { userId, poolId, connectionId },
    },
    { kind: 'user', clientId: client.clientId, userId, poolId },
  );

  // Somebody else was signed in here: their session ends before this one begins.
  if (interaction.session?.accountId !== undefined && interaction.session.accountId !== userId) {
    await endBrowserSession(server.provider, interaction);
  }
  const said = connection.staticAmr.length > 0 ? [...connection.staticAmr] : amr;
  await finishStep(ctx, server.provider, { login: { accountId: userId, amr: said, acr: acrOf(proven) } });
}
