import { createClientService } from './clients/client_service.ts';
import { createConnectionService } from './connections/connection_service.ts';
import type { HashQueue } from './credentials/hash_queue.ts';
import type { Database } from './db/connection.ts';
import { listAuditEvents, type StoredAuditEvent } from './events/audit_store.ts';
import { createPoolService } from './pools/pool_service.ts';
import { createRoleService } from './roles/role_service.ts';
import type { Sealer } from './security/seal.ts';
import { createTenantService } from './tenants/tenant_service.ts';
import { createUserService } from './users/user_service.ts';
import type { ConfigBus } from './workspaces/config_change.ts';
import { createRsaStock } from './workspaces/rsa_stock.ts';
import { createWorkspaceService } from './workspaces/workspace_service.ts';

export type DomainDeps = {
  readonly db: Database;
  readonly bus: ConfigBus;
  readonly sealer: Sealer;
  readonly hashQueue: HashQueue;
};

export type Domain = ReturnType<typeof createDomain>;

/** Every use case of the domain, composed once: the API, the hosted pages, the CLI and the first start call these. */
export function createDomain({ db, bus, sealer, hashQueue }: DomainDeps) {
  const rsaStock = createRsaStock();
  return {
    tenants: createTenantService({ db, bus, sealer, rsaStock }),
    workspaces: createWorkspaceService({ db, bus, sealer, rsaStock }),
    pools: createPoolService({ db, bus }),
    users: createUserService({ db, hashQueue }),
    clients: createClientService({ db, bus, sealer }),
    connections: createConnectionService({ db, bus }),
    roles: createRoleService({ db }),
    audit: {
      /** The newest events of a tenant, newest first. */
      list: (scope: { readonly tenantId: string }, limit: number): Promise<StoredAuditEvent[]> =>
        listAuditEvents(db.knex, scope, limit),
    },
  };
}
