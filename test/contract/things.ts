import { expect } from 'vitest';
import { ADMIN, expectStatus } from './walk/step.ts';
import type { Things } from './requests.ts';
import { POOL, TENANT, type World } from './world.ts';

/** One of each thing that a path can name, for requests that are refused before anything happens to them. */
export async function createThings(world: World): Promise<Things> {
  const { id: userID, identifier } = await world.addPerson('things');
  const group = await expectStatus(world, 'admin', 201, 'post', `${ADMIN.pool}/groups`, {
    name: 'Things',
    user_pool_id: POOL,
  });
  const schema = await expectStatus(world, 'admin', 201, 'post', `${ADMIN.base}/schemas`, {
    name: 'Things',
    tenant_id: TENANT,
    schema: { type: 'object' },
  });
  const { groupID, schID } = { groupID: group.body.id as string, schID: schema.body.id as string };
  expect(groupID).not.toBe(schID);
  return {
    userID,
    identifier,
    address: identifier,
    groupID,
    schID,
    webAuthnCredentialID: 'ghost',
    mfaSessionID: 'ghost',
  };
}
