import type { Knex } from 'knex';
import { checkPassword } from '../../credentials/check_password.ts';
import { inTransaction } from '../../db/transaction.ts';
import {
  DomainError,
  invalid,
  notFound,
  refuseAny,
  requireVersion,
  unauthorized,
  type ExpectedVersion,
} from '../../domain_error.ts';
import type { Actor } from '../../events/audit.ts';
import { recordAudit } from '../../events/audit_store.ts';
import { passwordMethod, type CountedPool } from '../../pools/pool.ts';
import { findPool } from '../../pools/pool_store.ts';
import { keepingAnAdministrator } from '../../roles/last_administrator.ts';
import type { ProtectedType } from '../../security/attempts.ts';
import type { Sealer } from '../../security/seal.ts';
import { endAccess, type KeptAccess } from '../../sessions/end_access.ts';
import { countGuess, evaluating } from '../codes/guess.ts';
import { hashNewPassword, type HashedPassword, type NewPasswordContext } from './new_password.ts';
import { notifyPerson } from '../notice.ts';
import { judgePassword, requirePassword, type PasswordCheckDeps } from './password_check.ts';
import { findPasswordHolder, type PasswordHolder, type StoredPassword } from './password_holder_store.ts';
import { putPassword, setPasswordState, spendPassword } from './password_store.ts';
import type { Credential, UserScope } from '../user.ts';
import { lockUser } from '../user_store.ts';

export type PasswordDeps = PasswordCheckDeps & { readonly sealer: Sealer };

export type PasswordChange = { readonly oldPassword: string; readonly newPassword: string };

/** Who changes it. */
export type PasswordChanger = {
  readonly by: Actor;
  /** The address that wrong guesses count at; undefined when a trusted backend asks for the person. */
  readonly source: string | undefined;
  /** The session and the grant that the person does it with: they stay, all others end (rule 27). */
  readonly keep?: KeptAccess | undefined;
};

export type PasswordService = ReturnType<typeof createPasswordService>;

type Holder = PasswordHolder & { readonly pool: CountedPool };

/** The passwords of people who exist (contract 5.3, 5.7). Throws `DomainError`, `HashQueueFull`. */
export function createPasswordService(deps: PasswordDeps) {
  const { db, attempts, hashQueue, sealer } = deps;

  const find = async (scope: UserScope, expected: ExpectedVersion): Promise<Holder> => {
    const pool = (await findPool(db.knex, scope)) ?? absent();
    const holder = (await findPasswordHolder(db.knex, scope, { userId: scope.userId })) ?? absent();
    requireVersion(expected, holder);
    if (holder.status !== 'active') {
      throw invalid('', 'only an active person has a password to set', 'user_not_active');
    }
    return { ...holder, pool };
  };

  const hash = (holder: Holder, newPassword: string, source: string | undefined): Promise<HashedPassword> => {
    const { userId, identifiers, payload } = holder;
    const given = { password: newPassword, mustBeChanged: false, mustBeReset: false };
    const context: NewPasswordContext = {
      pointer: '/new_password',
      user: { userId, identifiers, payload },
      source,
    };
    return hashNewPassword(deps, db.knex, holder.pool, given, context);
  };

  /** Everything that goes with a new password, in one transaction. Gives the person's new version. */
  const put = (
    scope: UserScope,
    hashed: HashedPassword,
    { by, keep }: PasswordChanger,
    expected: ExpectedVersion,
    settle: (tx: Knex.Transaction) => Promise<void>,
  ): Promise<number> =>
    inTransaction(db, async (tx) => {
      requireVersion(expected, (await lockUser(tx, scope)) ?? absent());
      const version = (await putPassword(tx, scope, hashed)) ?? absent();
      await endAccess(tx, { tenantId: scope.tenantId, userId: scope.userId, keep }, 'password_changed');
      await notifyPerson(tx, sealer, scope, 'password_changed', { workspaceId: by.workspaceId });
      await record(tx, scope, by, 'updated', {});
      await settle(tx);
      return version;
    });

  return {
    /** Says what a password is worth, for a system that signs people in by itself; see {@link judgePassword}. */
    judge: judgePassword.bind(undefined, deps),

    /** The same with 401 for everything that is not right; see {@link requirePassword}. */
    verify: requirePassword.bind(undefined, deps),

    /**
     * Replaces the password of whoever knows the old one: 401 for a wrong one, 422 with every rule that the new one
     * fails, for a person without a password and for one whose password must be reset, 429 while blocked, 412 when
     * it was changed meanwhile.
     * @returns the person's new version.
     */
    async change(
      scope: UserScope,
      { oldPassword, newPassword }: PasswordChange,
      kind: Extract<ProtectedType, 'identity_change_password' | 'identity_self_change_password'>,
      changer: PasswordChanger,
      expected?: ExpectedVersion,
    ): Promise<number> {
      const { by, source } = changer;
      const holder = await find(scope, expected);
      const stored = holder.password;
      if (stored === null) throw invalid('', 'there is no password to change: set one', 'password_not_set');
      const counted = await countGuess(deps, scope, { kind, subject: scope.userId, source });
      const version = await evaluating(deps, counted, async () => {
        const method = passwordMethod(holder.pool.passwordSettings);
        const { matches } = await checkPassword(hashQueue, oldPassword, stored.hash, source, method);
        if (!matches) return undefined;
        refuseReset(stored);
        const hashed = { ...(await hash(holder, newPassword, source)), replaces: stored.since };
        return put(scope, hashed, changer, expected, (tx) => attempts.succeedAttempt(tx, counted));
      });
      if (version !== undefined) return version;
      await inTransaction(db, (tx) => record(tx, scope, by, 'rejected', { purpose: 'change' }));
      throw unauthorized('The old password is wrong', 'password_incorrect');
    },

    /**
     * A password that must be changed was shown, and opens nothing a second time: unless a new one takes its place
     * now, it must be reset (contract 5.3). The tenant's last administrator keeps theirs as it is.
     */
    async spend(scope: UserScope, since: string, by: Actor): Promise<void> {
      const work = inTransaction(db, async (tx) => {
        const user = (await lockUser(tx, scope)) ?? absent();
        const apply = async () => {
          if (!(await spendPassword(tx, scope, since))) return;
          await record(tx, scope, by, 'updated', { state: 'must_be_reset' });
        };
        await (user.hasRoles ? keepingAnAdministrator(tx, scope, apply) : apply());
      });
      await work.catch((error: unknown) => {
        if (!(error instanceof DomainError && error.kind === 'conflict')) throw error;
      });
    },

    /**
     * Replaces a password that must be changed or has expired, for somebody who has just shown that they know it
     * (contract 5.3), while it was good for that still. `since` says which password that was: 401 when it is another one by now, or one that need not be
     * changed. 422 with every rule that the new one fails; it may not be the old one again.
     */
    async replaceDemanded(
      scope: UserScope,
      newPassword: string,
      since: string,
      changer: PasswordChanger,
    ): Promise<void> {
      const holder = await find(scope, undefined);
      const stored = holder.password;
      const isDemanded = stored?.state !== 'valid' || stored.expired;
      if (stored?.since !== since || !isDemanded) {
        throw unauthorized('The password need not be changed', 'password_not_demanded');
      }
      const method = passwordMethod(holder.pool.passwordSettings);
      const same = await checkPassword(hashQueue, newPassword, stored.hash, changer.source, method);
      if (same.matches) {
        const message = 'must not be the present password';
        refuseAny([{ pointer: '/new_password', rule: 'not_used_since', message }], 'password_policy');
      }
      const hashed = { ...(await hash(holder, newPassword, changer.source)), replaces: since };
      await put(scope, hashed, changer, undefined, () => Promise.resolve());
    },

    /**
     * Sets the first password of a person who has none; 422 for who has one, and with every rule that it fails.
     * @returns the person's new version.
     */
    async setFirst(
      scope: UserScope,
      newPassword: string,
      changer: PasswordChanger,
      expected?: ExpectedVersion,
    ): Promise<number> {
      const holder = await find(scope, expected);
      if (holder.password !== null) throw alreadySet();
      const hashed = { ...(await hash(holder, newPassword, changer.source)), replaces: null };
      return put(scope, hashed, changer, expected, () => Promise.resolve());
    },

    /**
     * What a right password is good for from now on (contract 5.3). 422 for a person without one, 409 where the
     * tenant's last administrator could no longer sign in with it.
     */
    async setState(
      scope: UserScope,
      state: Credential['state'],
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<void> {
      await inTransaction(db, async (tx) => {
        const user = (await lockUser(tx, scope)) ?? absent();
        requireVersion(expected, user);
        const apply = async () => {
          if (!(await setPasswordState(tx, scope, state))) {
            throw invalid('', 'there is no password to have a state', 'password_not_set');
          }
          await record(tx, scope, by, 'updated', { state });
        };
        const mayLockOut = state !== 'valid' && user.hasRoles;
        await (mayLockOut ? keepingAnAdministrator(tx, scope, apply) : apply());
      });
    },
  };
}

/** Knowing it proves nothing any more: only a code sent to the person does. */
function refuseReset({ state }: StoredPassword): void {
  if (state !== 'must_be_reset') return;
  throw invalid('/old_password', 'must be reset with a code: it cannot be changed', 'password_must_be_reset');
}

const alreadySet = () =>
  invalid('', 'there is a password already: change it with the old one', 'password_already_set');

const record = (
  tx: Knex.Transaction,
  scope: UserScope,
  by: Actor,
  action: 'updated' | 'rejected',
  payload: Readonly<Record<string, string>>,
): Promise<void> =>
  recordAudit(tx, scope, by, {
    subject: 'password',
    action,
    affected: { userId: scope.userId, poolId: scope.poolId },
    payload: { user_id: scope.userId, ...payload },
  });

function absent(): never {
  throw notFound('User');
}
