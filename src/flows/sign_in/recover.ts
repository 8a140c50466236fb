import { type CodeFrame, mechanismsIn } from '../codes/frame.ts';
import type { ConnectedPool } from '../../workspaces/snapshot.ts';
import { runCodeStep, type RECOVERY_STEPS } from '../code_steps.ts';
import type { FlowDeps } from '../deps.ts';
import { noWayIn } from '../failures/no_way_in.ts';
import type { Journey } from '../journey.ts';
import { showRecover } from '../recover/index.ts';
import { allowsPassword } from './connections.ts';

/** Forgot the password while signing in: the same steps, and back into this sign-in (contract 5.6). */
export async function recoverIn(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  page: (typeof RECOVERY_STEPS)[number],
): Promise<void> {
  if (!allowsPassword(journey.server.snapshot, connection)) return noWayIn(journey);
  await runCodeStep(deps, await frameIn(deps, journey, connection), page);
}

/** The right password is one that must be reset: only a message to the person leads on (contract 5.3). */
export async function leadToRecovery(
  deps: FlowDeps,
  journey: Journey,
  connection: ConnectedPool,
  identifier: string,
): Promise<void> {
  await showRecover(deps, await frameIn(deps, journey, connection), { identifier, mustReset: true });
}

/** The pages of a pool, inside this sign-in. */
export async function frameIn(
  { domain }: FlowDeps,
  { ctx, server, app, client, interaction, path }: Journey,
  { poolId, connectionId }: ConnectedPool,
): Promise<CodeFrame> {
  const { tenantId, workspaceId } = server.snapshot;
  const scope = { tenantId, poolId };
  const pool = await domain.pools.get(scope);
  return {
    ctx,
    scope,
    pool,
    mechanisms: mechanismsIn(pool, server.snapshot),
    workspaceId,
    app,
    clientId: client.clientId,
    flow: interaction.uid,
    isInSignIn: true,
    path: (name) => path(name, connectionId),
    findSignIn: async () => path('sign-in', connectionId),
  };
}
