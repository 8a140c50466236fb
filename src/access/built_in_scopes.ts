import { OIDC_SCOPES, SELF_SCOPES } from '../claims/standard.ts';
import type { Workspace } from '../workspaces/workspace.ts';

const OF_BACKENDS = [
  'identity',
  'identity_self_registration',
  'read_configuration',
  'manage_configuration',
  'view_audit_events',
] as const;

/** Scopes that mean something to us in every workspace. */
const EVERYWHERE: readonly string[] = [...OIDC_SCOPES, ...SELF_SCOPES, 'introspect_tokens'];

const BUILT_IN: ReadonlySet<string> = new Set([...EVERYWHERE, ...OF_BACKENDS]);

/** Whether a scope is ours: its meaning cannot be changed, and its name is taken. */
export const isBuiltIn = (name: string): boolean => BUILT_IN.has(name);

/** The scopes that a workspace has without doing. */
export const builtInScopes = ({ type }: Pick<Workspace, 'type'>): readonly string[] =>
  type === 'system' ? [...EVERYWHERE, ...OF_BACKENDS] : EVERYWHERE;

const PREFIX = 'builtin';
const SEPARATOR = '~';

/** The id by which a built-in scope of a workspace is addressed. */
export const builtInId = (workspaceId: string, name: string): string =>
  [PREFIX, workspaceId, name].join(SEPARATOR);

/** What such an id names; `undefined` for any other id. */
export function builtInOf(id: string): { readonly workspaceId: string; readonly name: string } | undefined {
  const [prefix, workspaceId, name, ...rest] = id.split(SEPARATOR);
  if (prefix !== PREFIX || workspaceId === undefined || name === undefined || rest.length > 0)
    return undefined;
  return { workspaceId, name };
}

/** Whether a chosen id would be taken for a built-in scope's. */
export const looksBuiltIn = (id: string): boolean => id.startsWith(PREFIX + SEPARATOR);
