import type { Knex } from 'knex';
import { endCodes } from '../credentials/codes.ts';
import { ENDED_SESSION, noticesOf } from './logout_notices_store.ts';

/** Whose access ends. The narrowest scope that fits is the right one. */
export type AccessScope =
  | { readonly tenantId: string; readonly userId: string; readonly keep?: KeptAccess | undefined }
  | { readonly tenantId: string; readonly poolId: string }
  /** Some people of a pool, everywhere. */
  | { readonly tenantId: string; readonly poolId: string; readonly userIds: readonly string[] }
  | { readonly tenantId: string; readonly workspaceId: string }
  /** Some people in one workspace; with a pool, only those who are of it. */
  | {
      readonly tenantId: string;
      readonly workspaceId: string;
      readonly poolId?: string;
      readonly userIds: readonly string[];
      readonly keep?: KeptAccess | undefined;
    }
  /** A client; with people, only what they gave it. */
  | {
      readonly tenantId: string;
      readonly workspaceId: string;
      readonly clientId: string;
      readonly userIds?: readonly string[];
    }
  /** One session, and what was granted in it. */
  | {
      readonly tenantId: string;
      readonly workspaceId: string;
      readonly sessionUid: string;
      readonly grantIds: readonly string[];
    }
  | { readonly tenantId: string; readonly workspaceId: string; readonly poolId: string };

/** What a person who ends all their access does it with: that goes on (rule 27). */
export type KeptAccess = {
  readonly workspaceId: string;
  readonly grantId?: string | undefined;
  readonly sessionUid?: string | undefined;
};

const ONE_SESSION = 'a.tenant_id = :tenantId AND a.workspace_id = :workspaceId AND a.uid = :sessionUid';

/** Why, for the audit trail of the caller. */
export type EndAccessReason =
  | 'user_left_active'
  | 'user_deleted'
  | 'password_reset'
  | 'second_factor_reset'
  | 'second_factor_changed'
  | 'passkey_removed'
  | 'password_changed'
  | 'address_changed'
  | 'address_change_objected'
  | 'connection_disabled'
  | 'connection_deleted'
  | 'client_disabled'
  | 'client_restricted'
  | 'client_deleted'
  | 'pool_deleted'
  | 'workspace_deleted'
  | 'revoked_by_administrator'
  | 'revoked_by_owner'
  | 'signed_out_by_owner';

/**
 * Ends access: sessions, grants, refresh and opaque tokens, codes, pending interactions and remembered devices of
 * the scope, in the caller's transaction. The one function that does it, so that no path forgets an artefact.
 *
 * Grants are revoked rather than deleted: the tombstone also kills what another request is issuing under
 * them at this moment (design 4.1). JWT access tokens live on until they expire; they are never stored.
 */
export async function endAccess(
  tx: Knex.Transaction,
  scope: AccessScope,
  _reason: EndAccessReason,
): Promise<void> {
  const { accounts, values } = selection(scope);
  const { otherGrants, otherSessions } = besides('keep' in scope ? scope.keep : undefined, values);
  // Tombstones first: from here on nothing issued under these grants is accepted any more.
  await tx.raw(
    `UPDATE grants a SET revoked_at = now() WHERE ${accounts}${otherGrants} AND revoked_at IS NULL`,
    values,
  );
  await tx.raw(`DELETE FROM tokens a WHERE ${accounts}${otherGrants}`, values);
  await tx.raw(`DELETE FROM flow_state a WHERE ${accounts}`, values);
  // A session serves every client of its workspace: one client's end is no reason to sign people out.
  if (!('clientId' in scope))
    await tx.raw(
      `WITH ended AS (DELETE FROM sessions a WHERE ${'sessionUid' in scope ? ONE_SESSION : accounts}${otherSessions} RETURNING ${ENDED_SESSION})
       ${noticesOf('ended')}`,
      values,
    );
  // Codes are of a person, whichever workspace they are used in.
  if (!('workspaceId' in scope)) await endCodes(tx, scope);
  await forgetDevices(tx, scope);
}

// Devices and open challenges are a person's, whichever workspace they were made in.
async function forgetDevices(tx: Knex.Transaction, scope: AccessScope): Promise<void> {
  if ('workspaceId' in scope) return;
  const ofPool = `u.pool_id = :poolId${'userIds' in scope ? ' AND u.user_id = ANY(:userIds)' : ''}`;
  const whose = 'userId' in scope ? 'u.user_id = :userId' : ofPool;
  for (const table of ['trusted_devices', 'passkey_challenges']) {
    await tx.raw(
      `DELETE FROM ${table} d USING users u WHERE u.tenant_id = :tenantId AND ${whose}
          AND d.tenant_id = u.tenant_id AND d.pool_id = u.pool_id AND d.user_id = u.user_id`,
      { ...scope },
    );
  }
}

/** SQL that leaves out what is kept; its values join those of the statement. */
function besides(keep: KeptAccess | undefined, values: Values) {
  if (keep === undefined) return { otherGrants: '', otherSessions: '' };
  // An empty name is nobody's.
  const { workspaceId, grantId = '', sessionUid = '' } = keep;
  Object.assign(values, { keptWorkspace: workspaceId, keptGrant: grantId, keptSession: sessionUid });
  const elsewhere = 'a.workspace_id <> :keptWorkspace';
  return {
    otherGrants: ` AND (${elsewhere} OR a.grant_id IS DISTINCT FROM :keptGrant)`,
    otherSessions: ` AND (${elsewhere} OR a.uid <> :keptSession)`,
  };
}

type Values = Record<string, string | readonly string[]>;

function selection(scope: AccessScope): { accounts: string; values: Values } {
  const { accounts, values } = everyone(scope);
  if (!('userIds' in scope)) return { accounts, values };
  return {
    accounts: `${accounts} AND a.account_id = ANY(:userIds)`,
    values: { ...values, userIds: scope.userIds },
  };
}

function everyone(scope: AccessScope): { accounts: string; values: Values } {
  const inPool = `EXISTS (SELECT FROM users u WHERE u.tenant_id = a.tenant_id AND u.user_id = a.account_id
                             AND u.pool_id = :poolId)`;
  if ('userId' in scope) {
    const { tenantId, userId } = scope;
    return { accounts: 'a.tenant_id = :tenantId AND a.account_id = :userId', values: { tenantId, userId } };
  }
  if ('clientId' in scope) {
    return {
      accounts: 'a.tenant_id = :tenantId AND a.workspace_id = :workspaceId AND a.client_id = :clientId',
      values: { ...scope },
    };
  }
  if ('grantIds' in scope) {
    return {
      accounts: 'a.tenant_id = :tenantId AND a.workspace_id = :workspaceId AND a.grant_id = ANY(:grantIds)',
      values: { ...scope },
    };
  }
  const { tenantId } = scope;
  const poolId = 'poolId' in scope ? scope.poolId : undefined;
  const ofPool = poolId === undefined ? '' : ` AND ${inPool}`;
  if ('workspaceId' in scope) {
    return {
      accounts: `a.tenant_id = :tenantId AND a.workspace_id = :workspaceId${ofPool}`,
      values: { tenantId, workspaceId: scope.workspaceId, ...(poolId === undefined ? {} : { poolId }) },
    };
  }
  return { accounts: `a.tenant_id = :tenantId AND ${inPool}`, values: { tenantId, poolId: scope.poolId } };
}
