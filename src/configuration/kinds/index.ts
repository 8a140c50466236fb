import type { Kind } from '../kind.ts';
import { attemptLimits } from './attempt_limits.ts';
import { claims } from './claims.ts';
import { clients } from './clients.ts';
import { connections } from './connections.ts';
import { groups } from './groups.ts';
import { keyRotation } from './key_rotation.ts';
import { messageTemplates } from './message_templates.ts';
import { mfaMethods } from './mfa_methods.ts';
import { pools } from './pools.ts';
import { schemas } from './schemas.ts';
import { scopes } from './scopes.ts';
import { services } from './services.ts';
import { poolStyling, workspaceStyling } from './styling.ts';
import { tenant } from './tenant.ts';
import { translations } from './translations.ts';
import { workspaces } from './workspaces.ts';

/** Everything that a folder describes. Each kind needs only those above it; deletion goes from below. */
export const KINDS: readonly Kind[] = [
  tenant,
  attemptLimits,
  translations,
  messageTemplates,
  mfaMethods,
  schemas,
  workspaces,
  keyRotation,
  workspaceStyling,
  pools,
  poolStyling,
  groups,
  connections,
  clients,
  services,
  scopes,
  claims,
];
