import { canonicalIdentifier } from '../credentials/identifier.ts';
import type { HashQueue } from '../credentials/hash_queue.ts';
import { inTransaction } from '../db/transaction.ts';
import type { Database } from '../db/connection.ts';
import type { Domain } from '../domain.ts';
import { SYSTEM_ACTOR } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Attempts } from '../security/attempts.ts';
import { randomToken } from '../security/tokens.ts';
import { endAccess } from '../sessions/end_access.ts';
import { ADMIN_WORKSPACE } from '../tenants/tenant.ts';
import { hashNewPassword } from '../users/factors/new_password.ts';
import { findUserIdByKey, putPassword } from '../users/factors/password_store.ts';

export type AdministratorDeps = {
  readonly db: Database;
  readonly domain: Domain;
  readonly hashQueue: HashQueue;
  readonly attempts: Pick<Attempts, 'forgetAccount'>;
};

/** Whom to make an administrator of which tenant, and with what; what is absent is generated. */
export type AdministratorPlan = {
  readonly tenantId: string;
  readonly poolId: string;
  readonly poolName: string;
  readonly email: string;
  readonly password?: string | undefined;
  readonly payload: { readonly name: string; readonly given_name: string; readonly family_name: string };
  readonly clientId: string;
  readonly clientName: string;
  readonly clientSecret?: string | undefined;
};

export type AdministratorCredentials = {
  readonly administrator: { readonly email: string; readonly password: string };
  readonly managementClient: { readonly id: string; readonly secret: string };
};

// 15 random bytes: 120 bits, and still fit to be typed.
const PASSWORD_BYTES = 15;

/**
 * Makes sure that a person and a client can administer a tenant: pool, connection, account, role, client,
 * secret, all put right where they are not, with new credentials. What a first start does and what repairs a
 * tenant that has lost its way in, from the machine itself.
 */
export async function restoreAdministrator(
  deps: AdministratorDeps,
  plan: AdministratorPlan,
): Promise<AdministratorCredentials> {
  await ensureWayIn(deps, plan);
  const administrator = await restorePerson(deps, plan);
  const managementClient = await restoreClient(deps, plan);
  return { administrator, managementClient };
}

async function ensureWayIn({ domain }: AdministratorDeps, plan: AdministratorPlan): Promise<void> {
  const { tenantId, poolId, poolName } = plan;
  const pool = await absentAsUndefined(() => domain.pools.get({ tenantId, poolId }));
  if (pool === undefined) {
    await domain.pools.create({ tenantId }, { id: poolId, name: poolName }, SYSTEM_ACTOR);
  } else if (!pool.authenticationMechanisms.includes('password')) {
    const authenticationMechanisms = withAll(pool.authenticationMechanisms, ['password']);
    await domain.pools.update({ tenantId, poolId }, { ...pool, authenticationMechanisms }, SYSTEM_ACTOR);
  }
  await ensureWorkspace(domain, { tenantId, workspaceId: ADMIN_WORKSPACE });
  const admin = { tenantId, workspaceId: ADMIN_WORKSPACE };
  const connections = await domain.connections.listByWorkspace(admin);
  const connection = connections.find((candidate) => candidate.poolId === poolId);
  if (!connection) {
    await domain.connections.create(admin, { poolId, name: poolName }, SYSTEM_ACTOR);
  } else if (connection.disabled) {
    const { disabled: _disabled, ...settings } = connection;
    await domain.connections.update(
      { ...admin, connectionId: connection.id },
      { ...settings, disabled: false },
      SYSTEM_ACTOR,
    );
  }
}

/** The `admin` workspace takes passwords, and issues what a person and a management client need. */
async function ensureWorkspace(domain: Domain, scope: { tenantId: string; workspaceId: string }) {
  const workspace = await domain.workspaces.get(scope);
  const authenticationMechanisms = withAll(workspace.authenticationMechanisms, ['password']);
  const grantTypes = withAll(workspace.grantTypes, ['authorization_code', 'client_credentials']);
  if (
    authenticationMechanisms.length === workspace.authenticationMechanisms.length &&
    grantTypes.length === workspace.grantTypes.length
  )
    return;
  await domain.workspaces.update(scope, { ...workspace, authenticationMechanisms, grantTypes }, SYSTEM_ACTOR);
}

async function restorePerson(
  { db, domain, hashQueue, attempts }: AdministratorDeps,
  plan: AdministratorPlan,
) {
  const { tenantId, poolId, email, payload } = plan;
  const password = plan.password ?? randomToken(PASSWORD_BYTES);
  const pool = await domain.pools.get({ tenantId, poolId });
  const key = canonicalIdentifier(email, { caseInsensitive: pool.identifierCaseInsensitive });
  if (key === undefined) throw new Error('the e-mail address of the administrator is not one');
  const newPassword = { password, mustBeChanged: false, mustBeReset: false };
  let userId = await findUserIdByKey(db.knex, { tenantId, poolId }, key);
  if (userId === undefined) {
    const user = await domain.users.create(
      { tenantId, poolId },
      {
        status: 'active',
        payload,
        identifiers: [{ type: 'email', identifier: email }],
        addresses: [{ type: 'email', address: email, verified: false, status: 'active' }],
        password: newPassword,
      },
      SYSTEM_ACTOR,
    );
    userId = user.id;
  } else {
    const scope = { tenantId, poolId, userId };
    const hashed = await hashNewPassword({ hashQueue }, db.knex, pool, newPassword, {
      pointer: '/password',
      user: { userId, identifiers: [email], payload },
    });
    await inTransaction(db, async (tx) => {
      await putPassword(tx, scope, hashed);
      // A stranger's guesses must not keep the new password out: a block looks like a wrong one.
      await attempts.forgetAccount(tx, {
        tenantId,
        poolId,
        kind: 'identity_authentication',
        subject: scope.userId,
      });
      // Whoever had the old password may still be signed in with it.
      await endAccess(tx, { tenantId, userId: scope.userId }, 'password_reset');
      await recordAudit(tx, { tenantId }, SYSTEM_ACTOR, {
        subject: 'password',
        action: 'updated',
        affected: { userId: scope.userId, poolId },
      });
    });
    await domain.users.update(scope, { status: 'active' }, SYSTEM_ACTOR);
  }
  await domain.roles.grant(
    { tenantId },
    {
      resourceType: 'tenant',
      resourceId: '',
      role: 'admin',
      subjectType: 'identity_pool_user',
      subjectId: userId,
    },
    SYSTEM_ACTOR,
  );
  return { email, password };
}

async function restoreClient({ domain }: AdministratorDeps, plan: AdministratorPlan) {
  const { tenantId, clientId, clientName } = plan;
  const secret = plan.clientSecret ?? randomToken();
  const scope = { tenantId, clientId };
  const settings = {
    clientName,
    clientSecret: secret,
    grantTypes: ['client_credentials'] as const,
    clientStatus: 'active' as const,
  };
  const known = await absentAsUndefined(() => domain.clients.get(scope));
  await (known
    ? domain.clients.update(scope, { ...known, ...settings }, SYSTEM_ACTOR)
    : domain.clients.create(
        { tenantId, workspaceId: ADMIN_WORKSPACE },
        { id: clientId, ...settings },
        SYSTEM_ACTOR,
      ));
  for (const grant of [
    { resourceType: 'tenant', role: 'admin' },
    { resourceType: 'system', role: 'operator' },
  ] as const) {
    await domain.roles.grant(
      { tenantId },
      { ...grant, resourceId: '', subjectType: 'client', subjectId: clientId },
      SYSTEM_ACTOR,
    );
  }
  return { id: clientId, secret };
}

async function absentAsUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && 'kind' in error && error.kind === 'not_found') return undefined;
    throw error;
  }
}

function withAll<T>(list: readonly T[], needed: readonly NoInfer<T>[]): T[] {
  return [...new Set([...list, ...needed])];
}
