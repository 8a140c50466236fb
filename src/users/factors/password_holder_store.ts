import type { Knex } from 'knex';
import type { FreeMap } from '../../free_map.ts';
import type { PoolScope } from '../../pools/pool.ts';
import type { Credential, UserScope, UserStatus } from '../user.ts';

/** What a check or a change of a password needs to know of a person, read in one statement. */
export type PasswordHolder = {
  readonly userId: string;
  readonly status: UserStatus;
  readonly rowVersion: number;
  readonly payload: FreeMap;
  /** All they can sign in with. */
  readonly identifiers: readonly string[];
  readonly password: StoredPassword | null;
};

export type StoredPassword = {
  readonly userId: string;
  readonly credentialId: string;
  readonly hash: string;
  readonly state: Credential['state'];
  readonly expired: boolean;
  /** When it was set, as the database writes it: names this very password. */
  readonly since: string;
};

/** The person of a pool by id, or by the lookup key of a sign-in name; `undefined` when there is none. */
export async function findPasswordHolder(
  executor: Knex,
  { tenantId, poolId }: PoolScope,
  key: { readonly userId: string } | { readonly identifierKey: string },
): Promise<PasswordHolder | undefined> {
  const { rows } = await executor.raw<{ rows: PasswordHolder[] }>(
    `SELECT u.user_id AS "userId", u.status, u.row_version::int AS "rowVersion", u.payload,
            coalesce((SELECT json_agg(i.identifier ORDER BY i.created_at) FROM identifiers i
                       WHERE i.tenant_id = u.tenant_id AND i.pool_id = u.pool_id AND i.user_id = u.user_id),
                     '[]') AS identifiers,
            CASE WHEN c.credential_id IS NOT NULL THEN json_build_object('userId', c.user_id,
                 'credentialId', c.credential_id, 'hash', c.secret, 'state', c.state, 'expired', coalesce(c.expires_at <= now(), false),
                 'since', c.updated_at::text) END AS password
       FROM users u
       LEFT JOIN credentials c ON c.tenant_id = u.tenant_id AND c.pool_id = u.pool_id
             AND c.user_id = u.user_id AND c.type = 'password'
      WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = coalesce(:userId::text,
            (SELECT n.user_id FROM identifiers n
              WHERE n.tenant_id = :tenantId AND n.pool_id = :poolId AND n.lookup_key = :identifierKey))`,
    {
      tenantId,
      poolId,
      userId: ('userId' in key ? key.userId : null) as string,
      identifierKey: 'identifierKey' in key ? key.identifierKey : '',
    },
  );
  return rows[0];
}

// As long as an address can be taken back: whoever was told of a new password has that time to act.
const NEW_HOURS = 72;

/** Whether a person's password is so new that a message may have set it. */
export async function isNewPassword(executor: Knex, scope: UserScope): Promise<boolean> {
  const { rows } = await executor.raw<{ rows: unknown[] }>(
    `SELECT FROM credentials WHERE tenant_id = :tenantId AND pool_id = :poolId AND user_id = :userId
        AND type = 'password' AND updated_at > now() - make_interval(hours => :hours)`,
    { tenantId: scope.tenantId, poolId: scope.poolId, userId: scope.userId, hours: NEW_HOURS },
  );
  return rows.length > 0;
}
