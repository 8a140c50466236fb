import { endBrowserSession } from '../../oidc/browser_session.ts';
import { finishStep, hintedSubject } from '../../oidc/interactions.ts';
import type { SignInAnswer } from '../../sessions/handshake.ts';
import { currentUnit } from '../../sessions/unit_of_work.ts';
import { mayAct } from '../../users/account.ts';
import { connectionForPool } from '../../workspaces/snapshot.ts';
import type { Journey } from '../journey.ts';

/** Signs in whom the page outside has vouched for, if they may still be here (rule 25). */
export async function finishSignIn(journey: Journey, answer: SignInAnswer): Promise<void> {
  const { ctx, server, interaction, client, path } = journey;
  const unit = currentUnit();
  const account = await unit.findAccount(answer.subject);
  const connection = mayAct(account) ? connectionForPool(server.snapshot, account.poolId) : undefined;
  if (!mayAct(account) || connection === undefined) {
    ctx.status = 303;
    ctx.redirect(path());
    return;
  }
  // OpenID Connect Core §3.1.2.1: the application asked for somebody else, so nobody is signed in.
  const expected = hintedSubject(interaction);
  if (expected !== undefined && expected !== account.userId) {
    const description = 'somebody else than id_token_hint says has signed in';
    await finishStep(ctx, server.provider, { error: 'login_required', error_description: description });
    return;
  }
  const { userId, poolId } = account;
  const amr = [...answer.amr];
  unit.audit(
    {
      subject: 'login',
      action: 'accepted',
      payload: { authn_method: 'own_page', idp_id: connection.connectionId, amr },
      affected: { userId, poolId, connectionId: connection.connectionId },
    },
    { kind: 'user', clientId: client.clientId, userId, poolId },
  );
  // Somebody else was signed in here: their session ends before this one begins.
  if (interaction.session?.accountId !== undefined && interaction.session.accountId !== userId) {
    await endBrowserSession(server.provider, interaction);
  }
  await finishStep(ctx, server.provider, { login: { accountId: userId, amr, ts: answer.authTime } });
}
