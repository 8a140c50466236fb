import { createHmac } from 'node:crypto';
import type { ClientRegistration } from '../clients/registration.ts';
import type { WorkspaceSnapshot } from '../workspaces/snapshot.ts';

type Subjects = Pick<ClientRegistration, 'settings' | 'redirectUris'>;

/**
 * The `sub` by which a client knows a person (contract section 8, row 20): the user id, or for `pairwise` clients
 * one that only the clients of its sector share, and that leads nobody else back to the person (OpenID Connect
 * Core §8.1). It stays for as long as the workspace.
 */
export function subjectFor(
  { pairwiseSalt }: Pick<WorkspaceSnapshot, 'pairwiseSalt'>,
  client: Subjects | undefined,
  userId: string,
): string {
  if (client?.settings.subject_type !== 'pairwise') return userId;
  return createHmac('sha256', pairwiseSalt)
    .update(JSON.stringify([sectorOf(client), userId]))
    .digest('base64url');
}

function sectorOf({ settings, redirectUris }: Subjects): string {
  const named = settings.sector_identifier_uri;
  return new URL(typeof named === 'string' ? named : (redirectUris[0] ?? '')).host;
}
