import { inWords, type DependedOn, type Dependent } from '../dependents.ts';
import { conflict, type HttpError } from '../http/errors.ts';
import type { Permission } from '../roles/permissions.ts';
import type { Resource } from '../roles/authority_store.ts';
import { present } from './present.ts';

type Allows = (permission: Permission, resource: Resource) => Promise<boolean>;

/** Which permission shows a dependent, of the workspace or the pool that it is part of. */
const SHOWN_BY: Readonly<Record<Dependent['kind'], Permission>> = {
  workspace: 'read_idps',
  client: 'read_clients',
  scope: 'read_clients',
  service: 'read_clients',
  claim: 'read_claims',
  pool: 'get_identity_pool',
  user: 'read_identity_pool_users',
  import: 'read_identity_pool_users',
};

/** The answer to a removal that others depend on: it names those of them that the caller may see. */
export async function answerDependedOn(
  { reason, code, dependents }: DependedOn,
  allows: Allows,
): Promise<HttpError> {
  const answers = new Map<string, Promise<boolean>>();
  const visible: Dependent[] = [];
  for (const one of dependents) {
    const [permission, resource] = [SHOWN_BY[one.kind], partOf(one)];
    const question = `${permission} ${JSON.stringify(resource)}`;
    const answer = answers.get(question) ?? allows(permission, resource);
    answers.set(question, answer);
    if (await answer) visible.push(one);
  }
  const named = visible.map(inWords);
  if (visible.length < dependents.length) named.push('what you may not see');
  return conflict(`${reason}: ${named.join(', ')}`, {
    ...(code !== undefined && { code }),
    details: visible.map((one) => ({
      pointer: '',
      message: inWords(one),
      kind: one.kind,
      id: one.id,
      ...present({ name: one.name, authorization_server_id: one.workspaceId, identity_pool_id: one.poolId }),
    })),
  });
}

const partOf = ({ kind, id, workspaceId, poolId }: Dependent): Resource =>
  kind === 'workspace' || workspaceId !== undefined
    ? { type: 'workspace', workspaceId: workspaceId ?? id }
    : { type: 'pool', poolId: poolId ?? id };
