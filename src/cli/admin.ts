import { resetAdministrator } from '../bootstrap.ts';
import type { Config } from '../config.ts';
import { credentialRows } from '../start_summary.ts';
import { asOperator } from './operator.ts';

/** `weir admin reset`: new credentials for the administrator and the management client, printed once. */
export async function adminResetCommand(config: Config): Promise<void> {
  const credentials = await asOperator(config, resetAdministrator);
  console.log('The old credentials are void. The new ones, shown this once:');
  for (const line of credentialRows(config, credentials)) console.log(`  ${line}`);
}
