import type { FlowDeps } from '../deps.ts';
import { readOwnForm, showPage, type Visit } from './visit.ts';

export async function showRecoveryCodes(deps: FlowDeps, visit: Visit): Promise<void> {
  const left = await deps.domain.recoveryCodes.count(visit.scope);
  await showPage(deps, visit, 'account_recovery_codes', { left });
}

/** Makes new codes, which put an end to the old ones, and shows them this once. */
export async function makeRecoveryCodes(deps: FlowDeps, visit: Visit): Promise<void> {
  await readOwnForm(deps, visit);
  const codes = await deps.domain.recoveryCodes.issue(visit.scope, visit.by);
  await showPage(deps, visit, 'account_recovery_codes', { left: codes.length, codes });
}
