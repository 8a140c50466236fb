import type { FlowDeps } from '../deps.ts';
import type { Journey } from '../journey.ts';
import { showPoolChooser } from './choose_pool.ts';
import { findConnection, offeredConnections } from './connections.ts';
import { showPasswordForm } from './password.ts';

/** The first page of a sign-in: the form where one pool is in question, the choice where there are several. */
export async function beginSignIn(deps: FlowDeps, journey: Journey): Promise<void> {
  const { server, interaction } = journey;
  const hint = interaction.params.idp_hint;
  const hinted = typeof hint === 'string' ? findConnection(server.snapshot, hint) : undefined;
  const offered = offeredConnections(server.snapshot);
  const only = hinted ?? (offered.length === 1 ? offered[0] : undefined);
  if (only) return showPasswordForm(deps, journey, only);
  return showPoolChooser(deps, journey);
}
