import type { WorkspaceServer } from '../oidc/workspace_server.ts';
import type { FlowDeps } from './deps.ts';
import { homeOf } from './journey.ts';

const MAX_APPLICATIONS = 20;

/** The page of the application that the person came from; else the only one that the workspace has. */
export async function findHome(
  { domain }: FlowDeps,
  server: WorkspaceServer | undefined,
  clientId: string | undefined,
): Promise<string | undefined> {
  if (server === undefined) return undefined;
  const from = clientId === undefined ? undefined : await server.clients.find(clientId);
  if (from) return homeOf(from);
  const { tenantId, workspaceId } = server.snapshot;
  const page = { limit: MAX_APPLICATIONS + 1 };
  const all = await domain.clients.list({ tenantId, workspaceId }, {}, page);
  const found = await Promise.all(all.map((client) => server.clients.find(client.id)));
  const homes = new Set(found.map((client) => client && homeOf(client)).filter((href) => href !== undefined));
  return all.length <= MAX_APPLICATIONS && homes.size === 1 ? [...homes][0] : undefined;
}
