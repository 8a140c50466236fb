import { randomUUID } from 'node:crypto';
import type { Things } from './requests.ts';
import { POOL, WORKSPACE } from './world.ts';

const tag = () => randomUUID().slice(0, 8);
const place = { authorization_server_id: WORKSPACE };

export const workspace = () => ({ tenant_id: 'acme', name: `Workspace ${tag()}` });
export const client = () => ({
  ...place,
  client_name: `Client ${tag()}`,
  redirect_uris: ['https://walk.example.test/cb'],
});
export const scope = () => ({ ...place, name: `walk.${tag()}`, display_name: 'Walk' });
export const service = () => ({
  ...place,
  name: `API ${tag()}`,
  custom_audience: `https://${tag()}.example.test`,
});
export const claim = () => ({
  ...place,
  name: `walk_${tag()}`,
  type: 'id_token',
  source_path: 'email',
  verified: false,
});
export const connection = (poolId: string) => ({
  identity_pool_id: poolId,
  name: 'Walk',
  mappings: [{ source: 'payload.name', target: 'name', type: 'string', allow_weak_decoding: false }],
});
export const translation = () => ({ content: { sign_in: { title: 'Ahoy' } } });
export const limit = () => ({ protected_type: 'mfa', max_attempts: 4, block_duration: '10m0s' });
/** `at`: the server in the place of one that nobody asks. */
export const mailServer = (at = { host: 'mail.example.test', port: 587 }) => ({
  tenant_id: 'acme',
  mechanism: 'email',
  enabled: false,
  auth: { email: { ...at, username: 'weir', password: 'a long secret', auth: 'plain' } },
  settings: { email: { provider: 'smtp', custom_from: 'id@example.test' } },
});
const role = (named: string) => (things: Things) => ({
  type: 'identity_pool_user',
  role: named,
  identity_pool_id: POOL,
  identity_pool_user_id: things.userID,
});

/** A body that an operation of the configuration API takes, by its name in the description. */
export const CONFIGURATION_BODIES: Readonly<Record<string, (things: Things) => unknown>> = {
  createAuthorizationServer: workspace,
  updateAuthorizationServer: workspace,
  updateWorkspaceMetadata: () => ({ payload: {} }),
  updateAdminTenant: () => ({ name: 'Acme' }),
  createClient: client,
  updateClient: client,
  createScope: scope,
  updateScope: scope,
  createService: service,
  updateService: service,
  createClaim: claim,
  updateClaim: claim,
  createIdentityPoolIDP: () => connection(POOL),
  updateIdentityPoolIDP: () => connection(POOL),
  setAutomaticKeyRotation: () => ({ enabled: false, cron: '' }),
  setBruteForceLimit: limit,
  upsertTranslation: translation,
  createMFAMethod: () => mailServer(),
  updateMFAMethod: () => mailServer(),
  testMFAMethod: () => ({ address: 'try@example.test' }),
  grantTenantRole: role('member'),
  revokeTenantRole: role('member'),
  grantWorkspaceRole: role('member'),
  revokeWorkspaceRole: role('member'),
  grantIdentityPoolRole: role('user_manager'),
  revokeIdentityPoolRole: role('user_manager'),
  revokeTokens: ({ userID }) => ({ subjects: [userID] }),
  revokeTokensByPool: ({ userID }) => ({ users: [userID] }),
};
