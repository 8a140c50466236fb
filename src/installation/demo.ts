import type { BootstrapDescription } from '../bootstrap_description.ts';
import type { Domain } from '../domain.ts';
import { DomainError } from '../domain_error.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';

/** The secret of the demo's confidential client is public knowledge: it exists only in development. */
export const DEMO_CLIENT_SECRET = 'demo-app-secret-for-development-only-0000';

/**
 * Creates a workspace, a pool with one person in it, the connection between them and two clients, to try things
 * out with. Each part that is there already is left as it is.
 */
export async function createDemo(
  domain: Domain,
  tenantId: string,
  demo: BootstrapDescription['demo'],
  demoAppUrl: string,
): Promise<void> {
  const workspaceId = demo.workspace.id;
  const scope = { tenantId, workspaceId };
  const poolScope = { tenantId, poolId: demo.pool.id };
  const { name, given_name, family_name, identifier, password } = demo.person;

  await unlessThere(() => domain.workspaces.create({ tenantId }, demo.workspace, SYSTEM_ACTOR));
  await unlessThere(() =>
    domain.pools.create(
      { tenantId },
      { ...demo.pool, description: 'People to try things out with', identifierCaseInsensitive: true },
      SYSTEM_ACTOR,
    ),
  );
  await unlessThere(() =>
    domain.connections.create(scope, { poolId: demo.pool.id, name: demo.pool.name }, SYSTEM_ACTOR),
  );
  await unlessThere(() =>
    domain.users.create(
      poolScope,
      {
        status: 'active',
        payload: { name, given_name, family_name },
        identifiers: [{ type: 'email', identifier }],
        addresses: [{ type: 'email', address: identifier, verified: true, status: 'active' }],
        password: { password, mustBeChanged: false, mustBeReset: false },
      },
      SYSTEM_ACTOR,
    ),
  );
  const common = {
    grantTypes: ['authorization_code', 'refresh_token'] as const,
    redirectUris: [`${demoAppUrl}/callback`],
    postLogoutRedirectUris: [`${demoAppUrl}/`],
  };
  await unlessThere(() =>
    domain.clients.create(
      scope,
      {
        id: demo.confidential_client.id,
        clientName: demo.confidential_client.name,
        clientSecret: DEMO_CLIENT_SECRET,
        trusted: true,
        ...common,
        settings: { client_uri: `${demoAppUrl}/` },
      },
      SYSTEM_ACTOR,
    ),
  );
  await unlessThere(() =>
    domain.clients.create(
      scope,
      {
        id: demo.public_client.id,
        clientName: demo.public_client.name,
        tokenEndpointAuthMethod: 'none',
        ...common,
        settings: { client_uri: `${demoAppUrl}/` },
      },
      SYSTEM_ACTOR,
    ),
  );
}

/** Registers the demo application's present address with its clients, where it is not registered yet. */
export async function followDemoApp(
  domain: Domain,
  tenantId: string,
  demo: BootstrapDescription['demo'],
  demoAppUrl: string,
): Promise<void> {
  for (const { id: clientId } of [demo.confidential_client, demo.public_client]) {
    const scope = { tenantId, clientId };
    const client = await orAbsent(domain.clients.get(scope));
    if (!client || client.redirectUris.includes(`${demoAppUrl}/callback`)) continue;
    await domain.clients.update(
      scope,
      {
        ...client,
        redirectUris: [...client.redirectUris, `${demoAppUrl}/callback`],
        postLogoutRedirectUris: [...client.postLogoutRedirectUris, `${demoAppUrl}/`],
      },
      SYSTEM_ACTOR,
    );
  }
}

// Whoever has removed the demo keeps it removed.
async function orAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'not_found') return undefined;
    throw error;
  }
}

// A start that was killed half-way finds its own work.
async function unlessThere(create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof DomainError && error.kind === 'conflict')) throw error;
  }
}
