import type { Knex } from 'knex';
import { conflict } from '../domain_error.ts';
import { hasAdministrator, lockAdministrators } from './last_administrator_store.ts';

/**
 * Makes a change that may concern an administrator, and refuses it (409) when it takes the tenant its last one.
 * A tenant that has none to lose is left alone. Such changes run one after the other, so that two administrators
 * who remove each other at the same moment do not both succeed.
 */
export async function keepingAnAdministrator<T>(
  tx: Knex.Transaction,
  scope: { readonly tenantId: string },
  change: () => Promise<T>,
): Promise<T> {
  await lockAdministrators(tx, scope.tenantId);
  const before = await hasAdministrator(tx, scope.tenantId);
  const result = await change();
  if (before && !(await hasAdministrator(tx, scope.tenantId))) {
    throw conflict('This would leave nobody able to administer the tenant', 'last_administrator');
  }
  return result;
}
