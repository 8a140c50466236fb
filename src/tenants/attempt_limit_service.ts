import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { violatedForeignKey } from '../db/errors.ts';
import { type ExpectedVersion, invalid, notFound, requireVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { limitAmong, type AttemptLimits } from '../security/attempt_limits.ts';
import {
  type ChosenLimits,
  deleteLimit,
  putLimit,
  readChosenLimits,
} from '../security/attempt_limits_store.ts';
import { type AttemptLimit, PROTECTED_TYPES, type ProtectedType } from '../security/attempts.ts';
import { changingConfig, type ConfigBus } from '../workspaces/config_change.ts';

type TenantScope = { readonly tenantId: string };
/** `rowVersion` follows from what the limit says: the same limit is the same version. */
export type KindLimit = AttemptLimit & { readonly kind: ProtectedType; readonly rowVersion: number };

// Beyond these a limit protects nobody: so many guesses are a search, and so long a block is a lock-out.
export const MAX_ATTEMPTS = 1_000;
export const MAX_BLOCK_SECONDS = 24 * 60 * 60;

export type AttemptLimitService = ReturnType<typeof createAttemptLimitService>;

/** How often each kind of guess may fail in a tenant (contract 3.2). Throws `DomainError`. */
export function createAttemptLimitService({
  db,
  bus,
  limits,
}: {
  db: Database;
  bus: ConfigBus;
  limits: AttemptLimits;
}) {
  const changing = async (
    scope: TenantScope,
    kind: ProtectedType,
    expected: ExpectedVersion,
    change: (tx: Knex.Transaction) => Promise<void>,
  ) => {
    await changingConfig(db, bus, async (tx, touch) => {
      // Sign-ins read the limits with their workspace. Touched first, so that one change follows the other.
      await touch.workspacesOfTenant(scope);
      requireVersion(expected, kindLimit(kind, await readChosenLimits(tx, scope)));
      await change(tx);
    });
    limits.forget(scope.tenantId);
  };

  return {
    /** The limits of all kinds, set or by default. */
    async list(scope: TenantScope): Promise<KindLimit[]> {
      const chosen = await readChosenLimits(db.knex, scope);
      return PROTECTED_TYPES.map((kind) => kindLimit(kind, chosen));
    },

    /** Sets the limit of one kind. 0 attempts switch it off. */
    async set(
      scope: TenantScope,
      kind: ProtectedType,
      limit: AttemptLimit,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<KindLimit> {
      checkLimit(limit);
      await changing(scope, kind, expected, async (tx) => {
        await writing(() => putLimit(tx, scope, kind, limit));
        await audit(tx, scope, by, kind, limit);
      });
      return kindLimit(kind, { [kind]: limit });
    },

    /** Back to the default; as good the second time as the first. 404 for what is no kind. */
    async reset(scope: TenantScope, name: string, by: Actor, expected?: ExpectedVersion): Promise<void> {
      const kind = PROTECTED_TYPES.find((known) => known === name);
      if (kind === undefined) throw notFound('Protected type');
      await changing(scope, kind, expected, async (tx) => {
        if (await deleteLimit(tx, scope, kind)) await audit(tx, scope, by, kind, limitAmong({}, kind));
      });
    },
  };
}

function kindLimit(kind: ProtectedType, chosen: ChosenLimits): KindLimit {
  const limit = limitAmong(chosen, kind);
  const rowVersion = limit.maxAttempts * (MAX_BLOCK_SECONDS + 1) + limit.blockSeconds;
  return { kind, ...limit, rowVersion };
}

function checkLimit({ maxAttempts, blockSeconds }: AttemptLimit): void {
  if (maxAttempts < 0 || maxAttempts > MAX_ATTEMPTS) {
    throw invalid('/max_attempts', `must be from 1 to ${MAX_ATTEMPTS}, or 0 for no limit`);
  }
  const shortest = maxAttempts === 0 ? 0 : 1;
  if (blockSeconds < shortest || blockSeconds > MAX_BLOCK_SECONDS) {
    throw invalid('/block_duration', 'must be from 1s to 24h');
  }
}

async function writing(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (violatedForeignKey(error) !== undefined) throw notFound('Tenant');
    throw error;
  }
}

const audit = (
  tx: Knex.Transaction,
  scope: TenantScope,
  by: Actor,
  kind: ProtectedType,
  { maxAttempts, blockSeconds }: AttemptLimit,
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'bruteforce',
    action: 'updated',
    payload: { protected_type: kind, max_attempts: maxAttempts, block_seconds: blockSeconds },
  });
