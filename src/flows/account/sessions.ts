import { deviceOf } from '../../http/device_name.ts';
import type { OwnSession } from '../../sessions/own_access_store.ts';
import type { FlowDeps } from '../deps.ts';
import { leadOn } from './notice.ts';
import { readOwnForm, showPage, type Visit } from './visit.ts';

/** Where a person is signed in, in every workspace of the tenant. */
export async function showSessions(deps: FlowDeps, visit: Visit): Promise<void> {
  const sessions = await deps.domain.ownAccess.sessions(visit.scope);
  await showPage(deps, visit, 'account_sessions', {
    sessions: sessions.map((session) => ({
      id: nameOf(session),
      isThisOne: isThisOne(visit, session),
      place: session.workspaceName,
      device: deviceOf(session.userAgent),
      ip: session.ip,
      createdAt: session.createdAt,
      lastSeenAt: session.lastSeenAt,
    })),
  });
}

/** Signs one browser out, or all but this one. */
export async function endSession(deps: FlowDeps, visit: Visit): Promise<void> {
  const form = await readOwnForm(deps, visit);
  const { scope, keep, by } = visit;
  if (form.get('do') === 'others') {
    await deps.domain.ownAccess.endOthers(scope, keep, by);
    return leadOn(visit, 'sessions', 'others_ended');
  }
  const [workspaceId = '', uid = ''] = (form.get('session') ?? '').split('/');
  await deps.domain.ownAccess.endSession(scope, { workspaceId, uid }, by);
  leadOn(visit, 'sessions', 'session_ended');
}

// Neither a workspace's id nor a session's uid has a slash. The uid opens nothing: the cookie is another value.
const nameOf = ({ workspaceId, uid }: OwnSession): string => `${workspaceId}/${uid}`;

const isThisOne = ({ session, server }: Visit, { workspaceId, uid }: OwnSession): boolean =>
  workspaceId === server.snapshot.workspaceId && uid === session.uid;
