import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { conflict, invalid, notFound, requireVersion, type ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Sealer } from '../security/seal.ts';
import { changingConfig, type ConfigBus, type Touch } from '../workspaces/config_change.ts';
import type { Client, ClientScope } from './client.ts';
import { storeSecret, type StoredSecret } from './client_secret.ts';
import * as store from './client_store.ts';
import { LONGEST_AUTO_REVOKE_SECONDS } from './rotated_secrets.ts';
import { forgetRotated, keepRotated } from './rotated_secrets_store.ts';

type Deps = { readonly db: Database; readonly bus: ConfigBus; readonly sealer: Sealer };

/** Secrets change without an hour at which every instance of an application has to change with them. */
export function createSecretRotation({ db, bus, sealer }: Deps) {
  const changing = <T>(
    scope: ClientScope,
    by: Actor,
    expected: ExpectedVersion | undefined,
    change: (tx: Knex.Transaction, current: Client & StoredSecret) => Promise<T>,
  ): Promise<T> =>
    changingConfig(db, bus, async (tx: Knex.Transaction, touch: Touch) => {
      const current = await store.lockClient(tx, scope);
      if (current === undefined) throw notFound('Client');
      requireVersion(expected, current);
      const result = await change(tx, current);
      const { workspaceId } = current;
      await touch.workspace({ tenantId: scope.tenantId, workspaceId });
      await recordAudit(tx, scope, by, {
        subject: 'client',
        action: 'updated',
        workspaceId,
        affected: { clientId: scope.clientId },
      });
      return result;
    });

  return {
    /**
     * Makes a new secret; the one before works beside it until it is revoked or `autoRevokeAfterSeconds` are over
     * (0: no end). Two such are kept, an older one ends at once. Gives the new secret, the one time.
     * Refused (409) for a client that uses none.
     */
    async rotateSecret(
      scope: ClientScope,
      { autoRevokeAfterSeconds = 0 }: { readonly autoRevokeAfterSeconds?: number | undefined },
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<string> {
      if (autoRevokeAfterSeconds > LONGEST_AUTO_REVOKE_SECONDS) {
        throw invalid('/auto_revoke_after', `must be at most ${LONGEST_AUTO_REVOKE_SECONDS}s`);
      }
      return changing(scope, by, expected, async (tx, current) => {
        const method = current.tokenEndpointAuthMethod;
        const secret = storeSecret(sealer, scope, method, undefined);
        if (secret.clear === undefined) {
          throw conflict(`This client authenticates by ${method} and has no secret`, 'no_secret');
        }
        await keepRotated(tx, scope, current, autoRevokeAfterSeconds);
        await store.updateSecret(tx, scope, secret);
        return secret.clear;
      });
    },

    /** From now on only the newest secret works. */
    async revokeRotatedSecrets(scope: ClientScope, by: Actor, expected?: ExpectedVersion): Promise<void> {
      await changing(scope, by, expected, async (tx) => {
        await forgetRotated(tx, scope);
        await store.updateSecret(tx, scope);
      });
    },
  };
}
