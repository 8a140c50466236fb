import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { notFound, requireVersion, type ExpectedVersion } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Pool } from '../pools/pool.ts';
import { keepingAnAdministrator } from '../roles/last_administrator.ts';
import { lockPoolAndNames } from './user_creation_store.ts';
import type { User, UserScope } from './user.ts';
import { lockUser, touchUser } from './user_store.ts';

/** What changed, and the person's row version after it: the ETag covers all they are known by. */
export type Changed<T> = { readonly part: T; readonly version: number };

type Change<T> = {
  /** The name that is claimed or given up, in its folded form. */
  readonly name: string;
  readonly by: Actor;
  readonly expected: ExpectedVersion;
  /** What the record says, never a value that proves anything. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Set where the change may take somebody the means to sign in: the tenant's last administrator keeps theirs. */
  readonly takesAway?: boolean;
  readonly apply: (tx: Knex.Transaction, pool: Pool, user: User) => Promise<T>;
};

/**
 * Changes what a person is known by. The pool's rules, the name and the person are held, always in this order;
 * the person's row version goes up and the change is recorded in the same transaction. Throws `DomainError`.
 */
export async function changingPart<T>(
  db: Database,
  scope: UserScope,
  change: Change<T>,
): Promise<Changed<T>> {
  return inTransaction(db, async (tx) => {
    const pool = (await lockPoolAndNames(tx, scope, [change.name])) ?? absent();
    const user = (await lockUser(tx, scope)) ?? absent();
    requireVersion(change.expected, user);
    const apply = () => change.apply(tx, pool, user);
    const keepsAdministrator = change.takesAway === true && user.hasRoles;
    const part = await (keepsAdministrator ? keepingAnAdministrator(tx, scope, apply) : apply());
    const version = await touchUser(tx, scope);
    await recordAudit(tx, scope, change.by, {
      subject: 'user',
      action: 'updated',
      affected: { userId: scope.userId, poolId: scope.poolId },
      payload: { user_id: scope.userId, status: user.status, update_details: change.details },
    });
    return { part, version };
  });
}

function absent(): never {
  throw notFound('User');
}
