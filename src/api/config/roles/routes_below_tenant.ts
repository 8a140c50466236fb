import { ofPool, ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { callerOf } from './caller.ts';
import { presentSubject } from './present.ts';
import {
  PoolRoleBody,
  PoolRolesResponse,
  toGrant,
  WorkspaceRoleBody,
  WorkspaceRolesResponse,
} from './schema.ts';

const tag = 'roles';

/** What differs between the roles of a workspace and those of a pool. */
const PLACES = [
  {
    path: '/api/admin/{tid}/servers/{wid}/roles',
    idIn: 'wid',
    level: 'workspace',
    called: 'a workspace',
    name: 'WorkspaceRole',
    read: ofWorkspace('read_workspace_roles'),
    change: ofWorkspace('manage_workspace_roles'),
    body: WorkspaceRoleBody,
    response: WorkspaceRolesResponse,
  },
  {
    path: '/api/admin/{tid}/pools/{ipID}/roles',
    idIn: 'ipID',
    level: 'identity_pool',
    called: 'a pool',
    name: 'IdentityPoolRole',
    read: ofPool('read_roles'),
    change: ofPool('manage_user_manager_role'),
    body: PoolRoleBody,
    response: PoolRolesResponse,
  },
] as const;

type Place = (typeof PLACES)[number];
type Params = { readonly tid: string } & Partial<Record<Place['idIn'], string>>;

export const workspaceAndPoolRoleRoutes = PLACES.flatMap((place) => [
  listing(place),
  grant(place),
  revocation(place, 'delete', `revoke${place.name}`),
  // For callers whose tools send no body with DELETE.
  revocation(place, 'post', `revoke${place.name}ByPost`),
]);

const idOf = ({ idIn }: Place, params: Params): string => params[idIn] ?? '';

function listing(place: Place) {
  return route({
    method: 'get',
    path: place.path,
    operationId: `list${place.name}s`,
    summary: `Everyone with a role at ${place.called} itself`,
    tag,
    requires: place.read,
    answers: { status: 200, schema: place.response },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const at = { level: place.level, id: idOf(place, params) };
      const subjects = await domain.roles.list({ tenantId: params.tid }, at);
      return { body: { subjects: subjects.map((subject) => presentSubject(params.tid, subject)) } };
    },
  });
}

function grant(place: Place) {
  return route({
    method: 'post',
    path: `${place.path}/grant`,
    operationId: `grant${place.name}`,
    summary: `Grant a role at ${place.called}, up to what the caller's own roles carry there`,
    tag,
    requires: place.change,
    body: place.body,
    answers: { status: 204 },
    refuses: [404],
    handler: async ({ params, body, by, domain, ...input }) => {
      const role = toGrant(body, place.level, idOf(place, params));
      await domain.roles.grant({ tenantId: params.tid }, role, by, callerOf(input));
      return {};
    },
  });
}

function revocation(place: Place, method: 'delete' | 'post', operationId: string) {
  return route({
    method,
    path: `${place.path}/revoke`,
    operationId,
    summary: `Revoke a role at ${place.called}, up to what the caller's own roles carry there`,
    tag,
    requires: place.change,
    body: place.body,
    answers: { status: 204 },
    refuses: [404],
    handler: async ({ params, body, by, domain, ...input }) => {
      const role = toGrant(body, place.level, idOf(place, params));
      await domain.roles.revoke({ tenantId: params.tid }, role, by, callerOf(input));
      return {};
    },
  });
}
