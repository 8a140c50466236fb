import { codes } from './codes.ts';
import { configuration } from './configuration.ts';
import { groups } from './groups.ts';
import { passkeys, withoutToken } from './passkeys.ts';
import { passwords } from './passwords.ts';
import { pools } from './pools.ts';
import { schemas } from './schemas.ts';
import { self } from './self.ts';
import type { Part } from './step.ts';
import { users } from './users.ts';

/** The whole walk through the identity API, in the order in which an installation grows. */
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
];
