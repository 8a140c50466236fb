import { ConfigError, type Config } from './config.ts';
import { createHashQueue } from './credentials/hash_queue.ts';
import type { Database } from './db/connection.ts';
import { createDomain } from './domain.ts';
import { DomainError } from './domain_error.ts';
import { SYSTEM_ACTOR } from './events/audit.ts';
import {
  type AdministratorCredentials,
  type AdministratorDeps,
  type AdministratorPlan,
  restoreAdministrator,
} from './installation/administrator.ts';
import { createDemo, followDemoApp } from './installation/demo.ts';
import { isDone, markDone, oneAtATime } from './installation/steps_store.ts';
import { createWays } from './messages/transports/ways.ts';
import { createAttempts } from './security/attempts.ts';
import { createSealer, type MasterKey } from './security/seal.ts';
import { ConfigBus } from './workspaces/config_change.ts';

export type BootstrapDeps = {
  readonly config: Config;
  readonly db: Database;
  readonly secrets: { readonly masterKeys: readonly MasterKey[] };
};

export type BootstrapResult = {
  /** New credentials, to be shown this once; absent when nothing was created. */
  readonly credentials?: Partial<AdministratorCredentials>;
};

/**
 * A first start: the first tenant with its administrators and management client, and outside production a demo.
 * Does nothing afterwards. A start that was killed half-way goes on; two processes take turns.
 */
export async function bootstrap(deps: BootstrapDeps): Promise<BootstrapResult> {
  const { config, db } = deps;
  if (await everythingDone(deps)) {
    if (config.env !== 'production') await moveDemo(deps);
    return {};
  }
  return oneAtATime(db, async () => {
    const parts = compose(deps);
    const plan = planOf(config);
    let credentials: AdministratorCredentials | undefined;
    if (!(await isDone(db.knex, 'administrator'))) {
      await createTenant(parts, config, plan);
      credentials = await restore(parts, plan);
      await markDone(db.knex, 'administrator');
    }
    if (config.env !== 'production' && !(await isDone(db.knex, 'demo'))) {
      const { demo } = config.bootstrap.description;
      await createDemo(parts.domain, plan.tenantId, demo, demoAppUrl(config));
      await markDone(db.knex, 'demo');
    }
    return credentials ? { credentials: onlyGenerated(credentials, config) } : {};
  });
}

/** New credentials for the administrator and the management client of the first tenant, from the machine itself. */
export async function resetAdministrator(deps: BootstrapDeps): Promise<AdministratorCredentials> {
  const plan = planOf(deps.config);
  return oneAtATime(deps.db, () => restore(compose(deps), plan));
}

/** A password that the pool's policy refuses is named as the operator gave it. */
async function restore(parts: AdministratorDeps, plan: AdministratorPlan): Promise<AdministratorCredentials> {
  try {
    return await restoreAdministrator(parts, plan);
  } catch (error) {
    if (!(error instanceof DomainError && error.code?.startsWith('password_'))) throw error;
    throw new ConfigError((error.issues ?? []).map(({ message }) => `BOOTSTRAP_ADMIN_PASSWORD: ${message}`));
  }
}

/** Creates a tenant as the root API does; for the command line. Gives its management client's credentials once. */
export async function createTenantFromMachine(
  deps: BootstrapDeps,
  tenant: { id: string; name?: string },
): Promise<{ clientId: string; clientSecret: string }> {
  const { adminClient } = await compose(deps).domain.tenants.create(tenant, SYSTEM_ACTOR);
  return { clientId: adminClient.id, clientSecret: adminClient.clientSecret };
}

async function everythingDone({ config, db }: BootstrapDeps): Promise<boolean> {
  if (!(await isDone(db.knex, 'administrator'))) return false;
  return config.env === 'production' || isDone(db.knex, 'demo');
}

/** `DEMO_PORT` may have changed since the first start. */
async function moveDemo(deps: BootstrapDeps): Promise<void> {
  const { tenantId } = planOf(deps.config);
  const { demo } = deps.config.bootstrap.description;
  await followDemoApp(compose(deps).domain, tenantId, demo, demoAppUrl(deps.config));
}

const demoAppUrl = (config: Config): string => `http://localhost:${config.demoPort}`;

function compose({ config, db, secrets }: BootstrapDeps): AdministratorDeps {
  const hashQueue = createHashQueue({ webConcurrency: config.webConcurrency });
  const sealer = createSealer(secrets.masterKeys);
  const attempts = createAttempts(sealer, { sourceLimit: config.sourceAttemptLimit });
  const ways = createWays({ config, sealer });
  const { publicUrl } = config;
  const domain = createDomain({ db, bus: new ConfigBus(), sealer, hashQueue, attempts, ways, publicUrl });
  return { db, hashQueue, attempts, domain };
}

function planOf({ bootstrap: given }: Config): AdministratorPlan {
  const { tenant, administrator, administrators_pool: pool, management_client: client } = given.description;
  const { name, given_name, family_name } = administrator;
  return {
    tenantId: given.tenantId ?? tenant.id,
    poolId: pool.id,
    poolName: pool.name,
    email: given.adminEmail ?? administrator.email,
    password: given.adminPassword,
    payload: { name, given_name, family_name },
    clientId: given.adminClientId ?? client.id,
    clientName: client.name,
    clientSecret: given.adminClientSecret,
  };
}

async function createTenant(
  { domain }: AdministratorDeps,
  { bootstrap: given }: Config,
  plan: AdministratorPlan,
): Promise<void> {
  try {
    await domain.tenants.create(
      {
        id: plan.tenantId,
        name: given.description.tenant.name,
        administratorsPool: { id: plan.poolId, name: plan.poolName },
        adminClient: {
          id: plan.clientId,
          name: plan.clientName,
          ...(plan.clientSecret === undefined ? {} : { clientSecret: plan.clientSecret }),
        },
      },
      SYSTEM_ACTOR,
    );
  } catch (error) {
    // A start that was killed after this: go on from here.
    if (!(error instanceof DomainError && error.kind === 'conflict')) throw error;
  }
}

// What the operator has chosen they know; printing it would only spread it.
function onlyGenerated(made: AdministratorCredentials, { bootstrap: given }: Config) {
  return {
    ...(given.adminPassword === undefined ? { administrator: made.administrator } : {}),
    ...(given.adminClientSecret === undefined ? { managementClient: made.managementClient } : {}),
  };
}
