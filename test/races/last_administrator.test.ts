import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDomain, person, SYSTEM_ACTOR, type TestDomain } from '../support/domain.ts';

const ROUNDS = 6;

describe('the last administrator', () => {
  let test: TestDomain;
  beforeAll(async () => {
    test = await createTestDomain();
  });
  afterAll(() => test.close());

  /** A person with the role `admin`, alone in a pool that is connected to the `admin` workspace. */
  async function administratorIn(tenantId: string, poolId: string): Promise<string> {
    const { pools, connections, users, roles } = test.domain;
    await pools.create({ tenantId }, { id: poolId, name: poolId }, SYSTEM_ACTOR);
    await connections.create({ tenantId, workspaceId: 'admin' }, { poolId }, SYSTEM_ACTOR);
    const { id } = await users.create(
      { tenantId, poolId },
      {
        status: 'active',
        payload: person('Ada'),
        identifiers: [{ type: 'email', identifier: 'ada@example.test' }],
        password: { password: 'correct horse', mustBeChanged: false, mustBeReset: false },
      },
      SYSTEM_ACTOR,
    );
    const grant = { resourceType: 'tenant', resourceId: '', role: 'admin' } as const;
    const subject = { subjectType: 'identity_pool_user', subjectId: id } as const;
    await roles.grant({ tenantId }, { ...grant, ...subject }, SYSTEM_ACTOR);
    return id;
  }

  it('remains, whatever shuts administrators out at the same moment', async () => {
    const { tenants, pools, users, workspaces } = test.domain;
    for (let round = 0; round < ROUNDS; round += 1) {
      const tenantId = `round-${round}`;
      await tenants.create({ id: tenantId }, SYSTEM_ACTOR);
      await administratorIn(tenantId, 'east');
      await administratorIn(tenantId, 'north');
      const userId = await administratorIn(tenantId, 'west');
      const noPassword = { authenticationMechanisms: ['webauthn'] } as const;
      const admin = { tenantId, workspaceId: 'admin' };
      const attempts = [
        pools.update({ tenantId, poolId: 'east' }, { name: 'east', ...noPassword }, SYSTEM_ACTOR),
        pools.remove({ tenantId, poolId: 'north' }, { withConnections: true }, SYSTEM_ACTOR),
        users.remove({ tenantId, poolId: 'west', userId }, SYSTEM_ACTOR),
        workspaces.update(admin, noPassword, SYSTEM_ACTOR),
      ];
      const results = await Promise.allSettled(attempts);
      const refused = results.filter((result) => result.status === 'rejected');
      expect(refused.length).toBeGreaterThan(0);
      // The workspace may not lose the method that the pools have left either, whoever is in them.
      const workspace = results[3] as PromiseSettledResult<unknown>;
      for (const result of refused) {
        const kind = result === workspace ? /conflict|invalid/ : /^conflict$/;
        expect((result.reason as { kind: string }).kind).toMatch(kind);
      }
    }
  });
});
