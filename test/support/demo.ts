import { SYSTEM_ACTOR } from '../../src/events/audit.ts';
import { DEMO_CLIENT_SECRET } from '../../src/installation/demo.ts';
import type { Domain } from '../../src/domain.ts';
import { RelyingParty } from './relying_party.ts';
import type { TestServer } from './server.ts';

/** The one person of the demo pool. */
export const mara = { identifier: 'mara@example.test', password: 'quiet otter crosses river' };

/** A redirect URI on an origin that nobody serves: the test's browser stops there. */
export const callback = 'https://app.example.test/callback';

export const secret = DEMO_CLIENT_SECRET;

/** A trusted, confidential client of a workspace, with a relying party for it and a new browser. */
export async function relyingParty(
  server: Pick<TestServer, 'publicUrl' | 'elsewhere'>,
  {
    workspaceId = 'demo',
    clientId = `app-${Math.random().toString(36).slice(2, 10)}`,
    trusted = true,
    ...settings
  }: { workspaceId?: string; clientId?: string; trusted?: boolean } & Partial<
    Parameters<Domain['clients']['create']>[1]
  > = {},
): Promise<RelyingParty> {
  const isPublic = settings.tokenEndpointAuthMethod === 'none';
  await server.elsewhere.clients.create(
    { tenantId: 'default', workspaceId },
    {
      id: clientId,
      clientName: 'Harbour Books',
      redirectUris: [callback],
      postLogoutRedirectUris: ['https://app.example.test/'],
      grantTypes: ['authorization_code', 'refresh_token'],
      trusted,
      ...(isPublic ? {} : { clientSecret: secret }),
      ...settings,
    },
    SYSTEM_ACTOR,
  );
  return RelyingParty.discover({
    issuer: `${server.publicUrl}/default/${workspaceId}`,
    clientId,
    ...(isPublic ? {} : { clientSecret: secret }),
    redirectUri: callback,
  });
}

/** A person of a pool, who may sign in at once. Gives their id. */
export async function addPerson(
  domain: Domain,
  poolId: string,
  person: { identifier: string; password: string },
): Promise<string> {
  const user = await domain.users.create(
    { tenantId: 'default', poolId },
    {
      status: 'active',
      payload: { name: 'Test Person', given_name: 'Test', family_name: 'Person' },
      identifiers: [{ type: 'email', identifier: person.identifier }],
      password: { password: person.password, mustBeChanged: false, mustBeReset: false },
    },
    SYSTEM_ACTOR,
  );
  return user.id;
}

/** A workspace with a pool of its own connected, and one person in it. */
export async function addWorkspace(
  domain: Domain,
  id: string,
  person?: { identifier: string; password: string },
): Promise<{ workspaceId: string; poolId: string; connectionId: string }> {
  const tenant = { tenantId: 'default' };
  const poolId = `${id}-people`;
  const poolName = `${id.replaceAll('-', ' ')} people`;
  await domain.workspaces.create(tenant, { id, name: `Workspace ${id}` }, SYSTEM_ACTOR);
  await domain.pools.create(tenant, { id: poolId, name: poolName }, SYSTEM_ACTOR);
  const connection = await domain.connections.create(
    { ...tenant, workspaceId: id },
    { poolId, name: poolName },
    SYSTEM_ACTOR,
  );
  if (person) await addPerson(domain, poolId, person);
  return { workspaceId: id, poolId, connectionId: connection.id };
}

export { SYSTEM_ACTOR };
