import type { Knex } from 'knex';
import { withClient } from '../db/connection.ts';
import type { Account } from './account.ts';

/**
 * SQL of the account document for one user row, as a correlated subquery that other reads embed.
 *
 * Takes SQL expressions (never values) that name the tenant and the user. Gives `json`, or null when there is
 * no such user or their pool is being deleted. `wide` adds what only some mappings ask for.
 */
export function accountDocument(tenantId: string, userId: string, { wide = false } = {}): string {
  return `(SELECT json_build_object(
      'userId', u.user_id, 'poolId', u.pool_id, 'status', u.status, 'payload', u.payload,
      'updatedAt', extract(epoch FROM u.updated_at)::bigint,
      'addresses', coalesce((SELECT json_agg(json_build_object(
            'type', a.type, 'address', a.address, 'verified', a.verified)
            ORDER BY a.verified DESC, a.created_at, a.address_id)
          FROM verifiable_addresses a WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id
           AND a.user_id = u.user_id AND a.status = 'active'), '[]'),
      'groups', coalesce((SELECT json_agg(g.name ORDER BY g.name)
          FROM group_members m JOIN groups g ON g.tenant_id = m.tenant_id AND g.pool_id = m.pool_id
           AND g.group_id = m.group_id
         WHERE m.tenant_id = u.tenant_id AND m.pool_id = u.pool_id AND m.user_id = u.user_id), '[]'),
      'memberOf', CASE WHEN p.groups_decide THEN ${MEMBER_OF} END${wide ? WIDE : ''})
    FROM users u JOIN pools p ON p.tenant_id = u.tenant_id AND p.pool_id = u.pool_id AND p.deleted_at IS NULL
   WHERE u.tenant_id = ${tenantId} AND u.user_id = ${userId})`;
}

// From the person upwards: at most ten levels from each of their groups.
const MEMBER_OF = `(WITH RECURSIVE mine (group_id, parent_id) AS (
      SELECT g.group_id, g.parent_id FROM group_members m JOIN groups g ON g.tenant_id = m.tenant_id
         AND g.pool_id = m.pool_id AND g.group_id = m.group_id
       WHERE m.tenant_id = u.tenant_id AND m.pool_id = u.pool_id AND m.user_id = u.user_id
      UNION
      SELECT a.group_id, a.parent_id FROM mine JOIN groups a
          ON a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id AND a.group_id = mine.parent_id)
    SELECT coalesce(json_agg(mine.group_id), '[]') FROM mine)`;

const WIDE = `, 'metadata', u.metadata, 'businessMetadata', u.business_metadata,
      'identifiers', coalesce((SELECT json_agg(i.identifier ORDER BY i.created_at, i.identifier_id)
          FROM identifiers i WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id
           AND i.user_id = u.user_id), '[]'),
      'groupIds', coalesce((SELECT json_agg(m.group_id ORDER BY m.group_id)
          FROM group_members m
         WHERE m.tenant_id = u.tenant_id AND m.pool_id = u.pool_id AND m.user_id = u.user_id), '[]')`;

/** The account of a user id, in any pool of the tenant; `undefined` when there is none. One statement. */
export async function findAccount(
  executor: Knex,
  tenantId: string,
  userId: string,
  { wide = false } = {},
): Promise<Account | undefined> {
  return withClient(executor, async (client) => {
    const { rows } = await client.query<{ account: Account | null }>({
      name: wide ? 'account-by-id-wide' : 'account-by-id',
      text: `SELECT ${accountDocument('$1', '$2', { wide })} AS account`,
      values: [tenantId, userId],
    });
    return rows[0]?.account ?? undefined;
  });
}

/** What a password check needs, read in one statement whether or not the person exists. */
export type SignInCandidate = {
  readonly account: Account;
  readonly password?: {
    readonly credentialId: string;
    readonly hash: string;
    readonly state: 'valid' | 'must_be_reset' | 'must_be_changed';
    readonly expired: boolean;
    /** Since when it has been this one. */
    readonly since: string;
  };
};

/**
 * Finds who a typed sign-in name means in one pool. `lookupKey` is its canonical form under the pool's case
 * rule; the address is never taken from what was typed. `undefined` when nobody is known by it.
 */
export async function findSignInCandidate(
  executor: Knex,
  scope: { tenantId: string; poolId: string },
  lookupKey: string,
): Promise<SignInCandidate | undefined> {
  return withClient(executor, async (client) => {
    const { rows } = await client.query<{
      account: Account | null;
      user_id: string;
      credential_id: string | null;
      secret: string;
      state: 'valid' | 'must_be_reset' | 'must_be_changed';
      expired: boolean | null;
      since: string;
    }>({
      name: 'sign-in-candidate',
      text: `SELECT ${accountDocument('i.tenant_id', 'i.user_id')} AS account,
                    c.user_id, c.credential_id, c.secret, c.state, c.expires_at <= now() AS expired,
                    c.updated_at::text AS since
               FROM identifiers i
               LEFT JOIN credentials c ON c.tenant_id = i.tenant_id AND c.pool_id = i.pool_id
                     AND c.user_id = i.user_id AND c.type = 'password'
              WHERE i.tenant_id = $1 AND i.pool_id = $2 AND i.lookup_key = $3`,
      values: [scope.tenantId, scope.poolId, lookupKey],
    });
    const row = rows[0];
    if (!row?.account) return undefined;
    if (row.credential_id === null) return { account: row.account };
    return {
      account: row.account,
      password: {
        userId: row.user_id,
        credentialId: row.credential_id,
        hash: row.secret,
        state: row.state,
        expired: row.expired ?? false,
        since: row.since,
      },
    };
  });
}
