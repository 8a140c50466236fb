import { client, claim, mailServer, scope, service } from './configuration_requests.ts';
import { ADMIN, CONFIGURATION, expectStatus } from './walk/step.ts';
import type { Things } from './requests.ts';
import { POOL, TENANT, WORKSPACE, type World } from './world.ts';

/** One of each thing that a path can name, for requests that are refused before anything happens to them. */
export async function createThings(world: World): Promise<Things> {
  const { id: userID, identifier } = await world.addPerson('things');
  const create = async (path: string, body: object) =>
    (await expectStatus(world, 'admin', 201, 'post', path, body)).body;
  const group = await create(`${ADMIN.pool}/groups`, { name: 'Things', user_pool_id: POOL });
  const schema = await create(`${ADMIN.base}/schemas`, {
    name: 'Things',
    tenant_id: TENANT,
    schema: { type: 'object' },
  });
  const workspace = `${CONFIGURATION}/servers/${WORKSPACE}`;
  const idps = await expectStatus(world, 'admin', 200, 'get', `${workspace}/idps`);
  const keys = await expectStatus(world, 'admin', 200, 'get', `${workspace}/keys`);
  return {
    userID,
    identifier,
    address: identifier,
    groupID: group.id,
    schID: schema.id,
    webAuthnCredentialID: 'ghost',
    mfaSessionID: 'ghost',
    iid: idps.body.idps[0].id,
    cid: (await create(`${CONFIGURATION}/clients`, client())).client_id,
    scp: (await create(`${CONFIGURATION}/scopes`, scope())).id,
    sid: (await create(`${CONFIGURATION}/services`, service())).id,
    claim: (await create(`${CONFIGURATION}/claims`, claim())).id,
    kid: keys.body.current_key.kid,
    locale: 'de',
    protectedType: 'mfa',
    mfaID: (await create(`${CONFIGURATION}/mfa-methods`, mailServer())).id,
  };
}
