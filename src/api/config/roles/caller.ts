import type { Caller } from '../../../roles/authorize.ts';
import type { Principal } from '../../../roles/principal.ts';

/** The caller of a route that asks for a token, for what depends on which roles they hold. */
export function callerOf(input: {
  readonly principal: Principal | undefined;
  readonly systemTenantId: string;
}): Caller {
  const { principal, systemTenantId } = input;
  if (principal === undefined) throw new Error('a route without a token has no caller');
  return { principal, systemTenantId };
}
