import { isRemembered, rememberDevice } from '../../credentials/trusted_devices.ts';
import { deleteDevice, listDevices, type TrustedDevice } from '../../credentials/trusted_devices_store.ts';
import type { Database } from '../../db/connection.ts';
import { inTransaction } from '../../db/transaction.ts';
import { notFound } from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import type { UserScope } from '../user.ts';

export type TrustedDeviceService = ReturnType<typeof createTrustedDeviceService>;

/** Browsers in which a person's second factor need not be proven again. Throws `DomainError`. */
export function createTrustedDeviceService({ db }: { readonly db: Database }) {
  return {
    /** The newest first. */
    async list(scope: UserScope): Promise<TrustedDevice[]> {
      return listDevices(db.knex, scope);
    },

    async remove(scope: UserScope, deviceId: string, by: Actor): Promise<void> {
      await inTransaction(db, async (tx) => {
        if (!(await deleteDevice(tx, scope, deviceId))) throw notFound('MFA session');
        await recordAudit(tx, scope, by, {
          subject: 'user',
          action: 'updated',
          affected: { userId: scope.userId, poolId: scope.poolId },
          payload: { user_id: scope.userId, update_details: ['mfa_sessions'] },
        });
      });
    },

    /** For whoever signs people in, after a second factor was proven. */
    remember: (
      scope: UserScope,
      device: { readonly ip: string; readonly userAgent: string; readonly ttlSeconds: number },
    ): Promise<string | undefined> => inTransaction(db, (tx) => rememberDevice(tx, scope, device)),

    isRemembered: (scope: UserScope, token: string): Promise<boolean> => isRemembered(db.knex, scope, token),
  };
}
