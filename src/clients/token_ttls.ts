import type { Issue } from '../domain_error.ts';
import { TOKEN_LIFETIMES, type Workspace } from '../workspaces/workspace.ts';

/** Lifetimes in seconds that a client has instead of its workspace's; what is absent stays the workspace's. */
export type TokenTtls = {
  readonly authorization_code_ttl?: number;
  readonly access_token_ttl?: number;
  readonly id_token_ttl?: number;
  readonly refresh_token_ttl?: number;
};

export type WorkspaceLifetimes = Pick<Workspace, 'accessTokenTtlSeconds' | 'refreshTokenTtlSeconds'>;

/** What a client's own lifetimes break, alone or together with those of its workspace. */
export function tokenTtlIssues(ttls: TokenTtls, workspace: WorkspaceLifetimes): Issue[] {
  const issues: Issue[] = [];
  for (const [name, least, most] of TOKEN_LIFETIMES) {
    const seconds = ttls[name];
    if (seconds === undefined || (seconds >= least && seconds <= most)) continue;
    issues.push({ pointer: `/token_ttls/${name}`, message: `must be from ${least}s to ${most}s` });
  }
  const access = ttls.access_token_ttl ?? workspace.accessTokenTtlSeconds;
  const refresh = ttls.refresh_token_ttl ?? workspace.refreshTokenTtlSeconds;
  if (refresh < access) {
    issues.push(
      { pointer: '/token_ttls/refresh_token_ttl', message: `${refresh}s is shorter than access_token_ttl` },
      { pointer: '/token_ttls/access_token_ttl', message: `${access}s is longer than refresh_token_ttl` },
    );
  }
  return issues;
}
