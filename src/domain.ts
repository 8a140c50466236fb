import { createClaimService } from './claims/claim_service.ts';
import { createClaimsPreview } from './claims/preview_service.ts';
import { createApiService } from './access/api_service.ts';
import { createScopeService } from './access/scope_service.ts';
import { createBrandingService } from './branding/branding_service.ts';
import { createOwnTextsService } from './branding/own_texts_service.ts';
import { createClientService } from './clients/client_service.ts';
import { createConnectionService } from './connections/connection_service.ts';
import type { HashQueue } from './credentials/hash_queue.ts';
import type { Database } from './db/connection.ts';
import { createAuditService } from './events/audit_service.ts';
import { exportConfiguration } from './exports/configuration_export.ts';
import { createExportService } from './exports/export_service.ts';
import { createGroupMemberService } from './groups/member_service.ts';
import { createGroupService } from './groups/group_service.ts';
import { createConfigurationService } from './imports/configuration_service.ts';
import { createImportService } from './imports/import_service.ts';
import { createMessageService } from './messages/message_service.ts';
import { createMessageTemplateService } from './messages/templates/message_template_service.ts';
import { createTransportService } from './messages/transports/transport_service.ts';
import type { Ways } from './messages/transports/ways.ts';
import { createPoolService } from './pools/pool_service.ts';
import { createRoleService } from './roles/role_service.ts';
import { createSchemaService } from './schemas/schema_service.ts';
import { createAttemptLimits } from './security/attempt_limits.ts';
import type { Attempts } from './security/attempts.ts';
import type { Sealer } from './security/seal.ts';
import { createHandshakeService } from './sessions/handshake_service.ts';
import { createOwnAccessService } from './sessions/own_access_service.ts';
import { createRevocationService } from './sessions/revocation_service.ts';
import { createAttemptLimitService } from './tenants/attempt_limit_service.ts';
import { createTenantService } from './tenants/tenant_service.ts';
import { createAddressService } from './users/address_service.ts';
import { createIdentifierService } from './users/identifier_service.ts';
import { createMetadataService } from './users/metadata_service.ts';
import { createPasskeyService } from './users/factors/passkey_service.ts';
import { createPasswordService } from './users/factors/password_service.ts';
import { createProfileService } from './users/profile_service.ts';
import { createRecoveryCodeService } from './users/factors/recovery_code_service.ts';
import { createPublicCodeService } from './users/codes/public_code_service.ts';
import { createTotpService } from './users/factors/totp_service.ts';
import { createTrustedDeviceService } from './users/factors/trusted_device_service.ts';
import { createCodeJourneys } from './users/codes/code_journeys.ts';
import { createUserService } from './users/user_service.ts';
import type { ConfigBus } from './workspaces/config_change.ts';
import { createKeyScheduleService } from './workspaces/key_schedule_service.ts';
import { createKeyService } from './workspaces/key_service.ts';
import { createRsaStock } from './workspaces/rsa_stock.ts';
import { createWorkspaceService } from './workspaces/workspace_service.ts';

export type DomainDeps = {
  readonly db: Database;
  readonly bus: ConfigBus;
  readonly sealer: Sealer;
  readonly hashQueue: HashQueue;
  readonly attempts: Attempts;
  /** By which messages leave. */
  readonly ways: Ways;
  /** Where links in messages lead. */
  readonly publicUrl: string;
};

export type Domain = ReturnType<typeof createDomain>;

/** Every use case of the domain, composed once: the API, the hosted pages, the CLI and the first start call these. */
export function createDomain({ db, bus, sealer, hashQueue, attempts, ways, publicUrl }: DomainDeps) {
  const rsaStock = createRsaStock();
  const keys = createKeyService({ db, bus, sealer, rsaStock });
  const attemptLimits = createAttemptLimits({ db });
  const users = createUserService({ db, hashQueue, sealer, publicUrl });
  const journeys = createCodeJourneys({
    db,
    sealer,
    hashQueue,
    attempts,
    limits: attemptLimits,
    publicUrl,
  });
  return {
    tenants: createTenantService({ db, bus, sealer, rsaStock }),
    workspaces: createWorkspaceService({ db, bus, sealer, rsaStock }),
    keys,
    keySchedules: createKeyScheduleService({ db, bus, keys }),
    pools: createPoolService({ db, bus }),
    schemas: createSchemaService({ db }),
    users,
    profiles: createProfileService({ db, users }),
    metadata: createMetadataService({ users }),
    identifiers: createIdentifierService({ db }),
    addresses: createAddressService({ db, sealer }),
    groups: createGroupService({ db }),
    groupMembers: createGroupMemberService({ db }),
    imports: createImportService({ db, sealer, publicUrl }),
    exports: createExportService({ db, sealer, publicUrl }),
    configuration: {
      ...createConfigurationService({ db, bus, sealer, publicUrl }),
      get: (scope: { readonly tenantId: string }) => exportConfiguration(db, scope),
    },
    branding: createBrandingService({ db, bus }),
    ownTexts: createOwnTextsService({ db, bus }),
    messageTemplates: createMessageTemplateService({ db, publicUrl }),
    clients: createClientService({ db, bus, sealer, rsaStock }),
    scopes: createScopeService({ db, bus }),
    apis: createApiService({ db, bus, sealer, rsaStock, publicUrl }),
    connections: createConnectionService({ db, bus }),
    claims: createClaimService({ db, bus }),
    claimsPreview: createClaimsPreview({ db }),
    passwords: createPasswordService({ db, hashQueue, sealer, attempts, limits: attemptLimits }),
    totp: createTotpService({ db, sealer, attempts, limits: attemptLimits }),
    passkeys: createPasskeyService({ db, sealer, publicUrl }),
    devices: createTrustedDeviceService({ db }),
    recoveryCodes: createRecoveryCodeService({ db, sealer }),
    ...journeys,
    publicCodes: createPublicCodeService({ db, ...journeys }),
    roles: createRoleService({ db }),
    messages: createMessageService({ db }),
    transports: createTransportService({ db, sealer, ways, publicUrl }),
    attemptLimits: createAttemptLimitService({ db, bus, limits: attemptLimits }),
    revocations: createRevocationService({ db }),
    ownAccess: createOwnAccessService({ db }),
    handshakes: createHandshakeService({ db, sealer, publicUrl }),
    audit: createAuditService({ db }),
  };
}
