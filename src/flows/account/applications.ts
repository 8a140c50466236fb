import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { readOwnForm, showPage, type Visit } from './visit.ts';

/** What a person has let in, in every workspace of the tenant. */
export async function showApplications(deps: FlowDeps, visit: Visit): Promise<void> {
  const applications = await deps.domain.ownAccess.applications(visit.scope);
  await showPage(deps, visit, 'account_applications', {
    applications: applications.map(({ workspaceId, workspaceName, clientId, name, since }) => ({
      id: `${workspaceId}/${clientId}`,
      name,
      place: workspaceName,
      since,
    })),
  });
}

/** Takes an application its access. */
export async function revokeApplication(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const [workspaceId = '', clientId = ''] = (form.get('application') ?? '').split('/');
  await deps.domain.ownAccess.revokeApplication(visit.scope, { workspaceId, clientId }, visit.by);
  leadOn(visit, 'applications', 'access_revoked');
}
