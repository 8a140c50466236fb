import { applications } from './applications.ts';
import { authority } from './authority.ts';
import { codes } from './codes.ts';
import { configuration } from './configuration.ts';
import { connections } from './connections.ts';
import { groups } from './groups.ts';
import { signingKeys } from './keys.ts';
import { passkeys, withoutToken } from './passkeys.ts';
import { passwords } from './passwords.ts';
import { pools } from './pools.ts';
import { schemas } from './schemas.ts';
import { self } from './self.ts';
import type { Part } from './step.ts';
import { tenant } from './tenant.ts';
import { transports } from './transports.ts';
import { users } from './users.ts';
import { workspaces } from './workspaces.ts';

/** The whole walk through the identity API and the configuration API, in the order in which an installation grows. */
export const walk: readonly Part[] = [
  schemas,
  pools,
  users,
  groups,
  passwords,
  codes,
  passkeys,
  self,
  withoutToken,
  configuration,
  tenant,
  workspaces,
  connections,
  applications,
  signingKeys,
  authority,
  transports,
];
