import { ofSelf } from '../../requirement.ts';
import { route } from '../../route.ts';
import { changerOf, ISSUER_BASE, ownScope } from './own.ts';
import { presentSession } from './present.ts';
import { RevokeOwnTokensQuery, SSOSessions } from './schema.ts';

const tag = 'own access';

/** Where people are signed in at an issuer, and what they have let in there: they see and end it (contract 4). */
export const accessRoutes = [
  route({
    method: 'get',
    path: `${ISSUER_BASE}/sso/sessions`,
    operationId: 'listSSOSessions',
    summary: 'The browsers that one is signed in with, the one used last first',
    tag,
    requires: ofSelf('view_sessions'),
    answers: { status: 200, schema: SSOSessions },
    refuses: [404],
    handler: async (input) => {
      const sessions = await input.domain.ownAccess.sessionsIn(ownScope(input));
      return { body: { sessions: sessions.map(presentSession) } };
    },
  }),
  route({
    method: 'delete',
    path: `${ISSUER_BASE}/sso/sessions/{sessionID}`,
    operationId: 'deleteSSOSession',
    summary: 'Sign one browser out',
    description: 'What was granted in it ends too, but for what was granted with `offline_access`.',
    tag,
    requires: ofSelf('manage_sessions'),
    answers: { status: 204 },
    refuses: [404],
    handler: async (input) => {
      const { domain, params, by } = input;
      const scope = ownScope(input);
      await domain.ownAccess.endSession(scope, { workspaceId: scope.workspaceId, uid: params.sessionID }, by);
      return {};
    },
  }),
  route({
    method: 'delete',
    path: `${ISSUER_BASE}/tokens`,
    operationId: 'revokeOwnTokens',
    summary: 'End one’s sign-ins and what all applications were granted',
    description:
      'Ends sessions, grants, refresh and opaque access tokens, codes and pending sign-ins of this workspace. What the token of the call was issued under goes on unless it is to end too. Access tokens that are JWTs live on until they expire.',
    tag,
    requires: ofSelf('manage_tokens'),
    query: RevokeOwnTokensQuery,
    answers: { status: 204 },
    refuses: [404],
    handler: async (input) => {
      const { domain, query } = input;
      const { by, keep } = changerOf(input);
      await domain.ownAccess.endAll(
        ownScope(input),
        query.revoke_current_token === true ? undefined : keep,
        by,
      );
      return {};
    },
  }),
];
