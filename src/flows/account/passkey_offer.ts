import type { FlowDeps } from '../deps.ts';
import { rememberOffer } from '../sign_in/passkey_later_cookie.ts';
import { leadOn } from './notice.ts';
import { readOwnForm, type Visit } from './visit.ts';

/** "Not now", which this browser remembers for this person. */
export async function declinePasskey(deps: FlowDeps, visit: Visit): Promise<void> {
  await readOwnForm(deps, visit);
  rememberOffer(deps, visit.ctx, visit.scope);
  leadOn(visit, '');
}
