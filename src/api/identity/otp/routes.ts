import { activationRoutes } from '../activation/routes.ts';
import { factorRecoveryRoutes } from '../recovery/factor_routes.ts';
import { recoveryRoutes } from '../recovery/routes.ts';
import { registrationRoutes } from '../registration/routes.ts';
import { addressRoutes } from './address_routes.ts';
import { challengeRoutes } from './challenge_routes.ts';
import { codeRoutes } from './code_routes.ts';

/** Every operation with one-time codes. */
export const otpRoutes = [
  ...challengeRoutes,
  ...addressRoutes,
  ...codeRoutes,
  ...activationRoutes,
  ...registrationRoutes,
  ...recoveryRoutes,
  ...factorRecoveryRoutes,
];
