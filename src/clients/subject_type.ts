import type { Issue } from '../domain_error.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { ClientSettings } from './client.ts';
import { pageUriIssues } from './uris.ts';

/**
 * What stands against a client's choice of `sub`. A sector is the host of its redirect URIs, or that of
 * `sector_identifier_uri` (OpenID Connect Core §8.1); the document behind it is not fetched: who may register
 * clients here answers for which of them belong together.
 */
export function subjectIssues(
  { settings, redirectUris, grantTypes }: ClientSettings,
  workspace: Pick<Workspace, 'subjectIdentifierTypes'>,
): Issue[] {
  const { subject_type: subjectType, sector_identifier_uri: sector } = settings;
  const issues = pageUriIssues('/sector_identifier_uri', sector);
  if (issues.length === 0 && sector !== undefined && !sector.startsWith('https:')) {
    issues.push({ pointer: '/sector_identifier_uri', message: 'must use https' });
  }
  if (subjectType !== 'pairwise') return issues;
  if (!workspace.subjectIdentifierTypes.includes('pairwise')) {
    issues.push({
      pointer: '/subject_type',
      message: 'the workspace does not offer pairwise: see its subject_identifier_types',
    });
  }
  if (!grantTypes.includes('authorization_code')) {
    issues.push({ pointer: '/subject_type', message: 'pairwise is for clients that sign people in' });
  } else if (sector === undefined && !haveOneHost(redirectUris)) {
    issues.push({
      pointer: '/sector_identifier_uri',
      message: 'pairwise needs it where redirect_uris do not all have the same host',
    });
  }
  return issues;
}

function haveOneHost(uris: readonly string[]): boolean {
  const hosts = new Set(uris.map((uri) => URL.parse(uri)?.host ?? ''));
  return hosts.size <= 1 && !hosts.has('');
}
