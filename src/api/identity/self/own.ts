import type { RouteInput } from '../../route.ts';
import type { Actor } from '../../../events/audit.ts';
import type { KeptAccess } from '../../../sessions/end_access.ts';
import type { UserScope } from '../../../users/user.ts';

/** The issuer of a workspace, as paths name it (contract 4). */
export const ISSUER_BASE = '/{tid}/{aid}';

/** What every path of a workspace's self API begins with (contract 2.3). */
export const SELF_BASE = `${ISSUER_BASE}/identity`;

type Input = Pick<RouteInput<'/{tid}/{aid}', unknown, unknown>, 'params' | 'principal'>;

/** The person that the token speaks for: nobody's id is taken from the request. */
export function ownScope({ params, principal }: Input): UserScope & { readonly workspaceId: string } {
  if (principal?.userId === undefined || principal.poolId === undefined) {
    throw new Error('a route of the self API asks for the token of a person');
  }
  return {
    tenantId: params.tid,
    poolId: principal.poolId,
    userId: principal.userId,
    workspaceId: params.aid,
  };
}

type Changing = Pick<RouteInput<string, unknown, unknown>, 'by' | 'source' | 'principal'>;

/** Who changes what they prove themselves with: the session and the grant that it is done with stay (rule 27). */
export const changerOf = ({
  by,
  source,
  principal,
}: Changing): { by: Actor; source: string | undefined; keep: KeptAccess | undefined } => ({
  by,
  source,
  keep: principal && {
    workspaceId: principal.workspaceId,
    grantId: principal.grantId,
    sessionUid: principal.sessionUid,
  },
});
