import { renderPage } from '../../http/render.ts';
import { endCookie } from '../../oidc/account_session.ts';
import type { FlowDeps } from '../deps.ts';
import { findHome } from '../home.ts';
import { isCodeOf } from './refusals.ts';
import { profileOf, readOwnForm, showPage, type Visit } from './visit.ts';

export const showDelete = (deps: FlowDeps, visit: Visit): Promise<void> => ask(deps, visit);

/** Removes the account for good, where the pool leaves that to people themselves. */
export async function deleteAccount(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const { ctx, scope, by, server } = visit;
  const { pool } = await profileOf(deps, visit);
  if (!pool.selfDeletionAllowed) return ask(deps, visit);
  if (form.get('agreed') !== 'yes') return ask(deps, visit, 'agreement');
  try {
    await deps.domain.users.remove(scope, by);
  } catch (error) {
    if (isCodeOf(error, 'last_administrator')) return ask(deps, visit, 'administrator');
    throw error;
  }
  endCookie(ctx, server);
  const backHref = await findHome(deps, server, undefined);
  await renderPage(ctx, 'account_deleted', backHref === undefined ? {} : { backHref });
}

async function ask(deps: FlowDeps, visit: Visit, error?: 'agreement' | 'administrator'): Promise<void> {
  const { pool } = await profileOf(deps, visit);
  const applications = await deps.domain.ownAccess.applications(visit.scope);
  await showPage(deps, visit, 'account_delete', {
    isAllowed: pool.selfDeletionAllowed,
    applications: applications.length,
    ...(error === undefined ? {} : { error }),
  });
}
