import { ofSystemTenant } from '../../requirement.ts';
import { route, type Route } from '../../route.ts';
import { presentLogin, presentScopeGrant } from './present.ts';
import {
  AcceptLogin,
  AcceptScopeGrant,
  LoginSession,
  LoginStateQuery,
  RedirectTo,
  RejectSession,
  ScopeGrantSession,
} from './schema.ts';

const LOGIN = '/api/system/{tid}/logins/{login}';
const SCOPE_GRANT = '/api/system/{tid}/scope-grants/{login}';
const GOES_ON =
  "Send the person's browser to `redirect_to`: it goes on in the browser that began the sign-in, once, and in no other.";

/** Pages of one's own for signing in and for consent (contract 4). */
export const loginRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: LOGIN,
    operationId: 'getLoginRequest',
    summary: 'What a sign-in that waits on your page is for',
    tag: 'logins',
    requires: ofSystemTenant('manage_logins'),
    query: LoginStateQuery,
    answers: { status: 200, schema: LoginSession },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const names = { loginId: params.login, state: query.login_state };
      const handshake = await domain.handshakes.get({ tenantId: params.tid }, 'login', names);
      return { body: presentLogin(params.login, handshake) };
    },
  }),
  route({
    method: 'post',
    path: `${LOGIN}/accept`,
    operationId: 'acceptLoginRequest',
    summary: 'Somebody has signed in on your page',
    description: GOES_ON,
    tag: 'logins',
    requires: ofSystemTenant('manage_logins'),
    body: AcceptLogin,
    answers: { status: 200, schema: RedirectTo },
    refuses: [404, 409],
    handler: async ({ params, body, by, allows, domain }) => {
      const names = { loginId: params.login, state: body.login_state };
      const redirectTo = await domain.handshakes.acceptLogin({ tenantId: params.tid }, names, {
        subject: body.subject,
        amr: body.amr,
        authTime: body.auth_time === undefined ? undefined : new Date(body.auth_time),
        // A backend never acts for people who carry authority.
        mayActFor: (poolId, userId) => allows('manage_identity_pool_users', { type: 'user', poolId, userId }),
        by,
      });
      return { body: { redirect_to: redirectTo } };
    },
  }),
  rejection('login', `${LOGIN}/reject`, 'rejectLoginRequest'),
  route({
    method: 'get',
    path: SCOPE_GRANT,
    operationId: 'getScopeGrantRequest',
    summary: 'What an application asks a person for, while they are on your page',
    tag: 'logins',
    requires: ofSystemTenant('manage_scope_grants'),
    query: LoginStateQuery,
    answers: { status: 200, schema: ScopeGrantSession },
    refuses: [404],
    handler: async ({ params, query, domain }) => {
      const names = { loginId: params.login, state: query.login_state };
      const handshake = await domain.handshakes.get({ tenantId: params.tid }, 'consent', names);
      return { body: presentScopeGrant(params.login, handshake) };
    },
  }),
  route({
    method: 'post',
    path: `${SCOPE_GRANT}/accept`,
    operationId: 'acceptScopeGrantRequest',
    summary: 'The person lets the application have these scopes, all it asks for or fewer',
    description: GOES_ON,
    tag: 'logins',
    requires: ofSystemTenant('manage_scope_grants'),
    body: AcceptScopeGrant,
    answers: { status: 200, schema: RedirectTo },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) => {
      const names = { loginId: params.login, state: body.login_state };
      const consent = { scopes: body.granted_scopes, claims: body.granted_claims ?? [] };
      const scope = { tenantId: params.tid };
      const redirectTo = await domain.handshakes.acceptConsent(scope, names, consent, by);
      return { body: { redirect_to: redirectTo } };
    },
  }),
  rejection('consent', `${SCOPE_GRANT}/reject`, 'rejectScopeGrantRequest'),
];

function rejection(kind: 'login' | 'consent', path: string, operationId: string): Route {
  return route({
    method: 'post',
    path: path as `${typeof LOGIN}/reject`,
    operationId,
    summary: 'The application gets an error instead',
    description: GOES_ON,
    tag: 'logins',
    requires: ofSystemTenant(kind === 'login' ? 'manage_logins' : 'manage_scope_grants'),
    body: RejectSession,
    answers: { status: 200, schema: RedirectTo },
    refuses: [404, 409],
    handler: async ({ params, body, by, domain }) => {
      const names = { loginId: params.login, state: body.login_state };
      const rejected = {
        error: body.error ?? 'access_denied',
        errorDescription: body.error_description ?? '',
      };
      const redirectTo = await domain.handshakes.reject({ tenantId: params.tid }, kind, names, rejected, by);
      return { body: { redirect_to: redirectTo } };
    },
  });
}
