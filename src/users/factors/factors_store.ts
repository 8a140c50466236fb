import type { Knex } from 'knex';
import type { UserScope } from '../user.ts';

/** What a person can prove themselves with. */
export type Factors = {
  readonly password: boolean;
  readonly totp: boolean;
  readonly webauthn: boolean;
  /** Addresses that are proven and in use, the oldest of each kind. */
  readonly email: string | null;
  readonly mobile: string | null;
  readonly recoveryCodes: number;
};

const address = (type: 'email' | 'mobile'): string => `
  (SELECT a.address FROM verifiable_addresses a WHERE a.tenant_id = u.tenant_id AND a.pool_id = u.pool_id
      AND a.user_id = u.user_id AND a.type = '${type}' AND a.verified AND a.status = 'active'
    ORDER BY a.created_at, a.address_id LIMIT 1)`;

/** The factors of a person who is there, in one statement. */
export async function findFactors(executor: Knex, scope: UserScope): Promise<Factors | undefined> {
  const { rows } = await executor.raw<{ rows: Factors[] }>(
    `SELECT coalesce(c.types @> ARRAY['password'], false) AS password,
            coalesce(c.types @> ARRAY['totp'], false) AS totp,
            EXISTS (SELECT FROM passkeys k WHERE k.tenant_id = u.tenant_id AND k.pool_id = u.pool_id
                       AND k.user_id = u.user_id) AS webauthn,
            ${address('email')} AS email, ${address('mobile')} AS mobile,
            (SELECT count(*)::int FROM recovery_codes r WHERE r.tenant_id = u.tenant_id
                AND r.pool_id = u.pool_id AND r.user_id = u.user_id) AS "recoveryCodes"
       FROM users u LEFT JOIN LATERAL (SELECT array_agg(type) AS types FROM credentials
             WHERE tenant_id = u.tenant_id AND pool_id = u.pool_id AND user_id = u.user_id) c ON true
      WHERE u.tenant_id = :tenantId AND u.pool_id = :poolId AND u.user_id = :userId`,
    { tenantId: scope.tenantId, poolId: scope.poolId, userId: scope.userId },
  );
  return rows[0];
}
