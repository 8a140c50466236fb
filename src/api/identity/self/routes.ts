import type { Route } from '../../route.ts';
import { accessRoutes } from './access_routes.ts';
import { deviceRoutes } from './device_routes.ts';
import { passkeyRoutes } from './passkey_routes.ts';
import { selfPasswordRoutes } from './password_routes.ts';
import { profileRoutes } from './profile_routes.ts';
import { publicRoutes } from './public_routes.ts';
import { selfTotpRoutes } from './totp_routes.ts';

/** What people do for themselves, with a token of a workspace that their pool is connected to (contract 2.3, 4). */
export const selfRoutes: readonly Route[] = [
  ...profileRoutes,
  ...selfPasswordRoutes,
  ...selfTotpRoutes,
  ...passkeyRoutes,
  ...deviceRoutes,
  ...accessRoutes,
  ...publicRoutes,
];
