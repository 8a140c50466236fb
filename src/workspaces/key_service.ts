import type { Knex } from 'knex';
import { conflict, notFound, requireVersion, type ExpectedVersion } from '../domain_error.ts';
import { SYSTEM_ACTOR, type Actor } from '../events/audit.ts';
import { changingConfig, type Touch, type WorkspaceScope } from './config_change.ts';
import { auditKey, createPublishNext, promote, provideKeys, type KeyDeps } from './key_changes.ts';
import {
  MAX_ROTATED_KEYS,
  REVOKED_LISTED_SECONDS,
  usableFrom,
  type KeyList,
  type SigningKey,
  type VersionedKey,
} from './key_rules.ts';
import * as store from './key_store.ts';
import type { SigningAlg } from './signing_key.ts';
import { signingKeyName } from './snapshot_store.ts';

export type KeyService = ReturnType<typeof createKeyService>;

/** Work that a revocation repeats when a rotation came between. */
const REVOCATION_TRIES = 3;

/** The signing keys of a workspace (contract 3.5). Throws `DomainError`. */
export function createKeyService(deps: KeyDeps) {
  const { db, bus, sealer } = deps;
  const publishNext = createPublishNext(deps);

  return {
    publishNext,

    /** The keys of one algorithm; without one, of the workspace's own. */
    async list(scope: WorkspaceScope, alg?: SigningAlg): Promise<KeyList> {
      return (await store.listKeys(db.knex, scope, alg)) ?? absent();
    },

    /** A key that is published. */
    async getPublished(scope: WorkspaceScope, kid: string): Promise<SigningKey> {
      const key = await store.findKey(db.knex, scope, kid);
      return key === undefined || key.status === 'revoked' ? absentKey() : key;
    },

    /**
     * Lets the next key of an algorithm sign, and publishes one that follows it. Refused (409) while clients may
     * hold a JWKS without the next key; the message says until when. The first key of an algorithm signs at once.
     */
    async rotate(
      scope: WorkspaceScope,
      alg: SigningAlg,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<VersionedKey> {
      const promoted = await changingConfig(db, bus, async (tx, touch) => {
        const locked = (await store.lockKeys(tx, scope)) ?? absent();
        requireVersion(expected, locked);
        const state = (await store.readiness(tx, scope)).find((one) => one.alg === alg);
        if (state === undefined) return begin(tx, touch, scope, alg, by);
        if (state.isFull) throw tooManyKeys();
        if (state.nextCreatedAt && !state.nextIsReady) throw notReady(state.nextCreatedAt);
        if (!state.nextIsReady) return undefined;
        await touch.workspace(scope);
        return promote(tx, scope, alg, { sessionSeconds: locked.sessionSeconds, by });
      });
      if (promoted !== undefined) {
        // It is done, whatever happens now: what is missing is made up for by the job (`publishMissing`).
        await publishNext(scope, alg).catch(() => undefined);
        return promoted;
      }
      await publishNext(scope, alg);
      const next = (await store.listKeys(db.knex, scope, alg))?.keys.find(({ status }) => status === 'next');
      throw notReady(next?.createdAt ?? new Date());
    },

    /**
     * Ends a key at once: it leaves the JWKS, what it signed is worth nothing here any more, and its private part
     * is deleted. Where it is the one that signs, the next takes over, whether clients know it yet or not. A
     * second time changes nothing.
     */
    async revoke(
      scope: WorkspaceScope,
      kid: string,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<VersionedKey> {
      for (let tries = 0; tries < REVOCATION_TRIES; tries += 1) {
        const found = (await store.findKey(db.knex, scope, kid)) ?? absentKey();
        // Its successor is made before the transaction: an RSA key takes its time.
        if (found.status === 'current') await publishNext(scope, found.alg);
        const revoked = await revokeOnce(scope, kid, by, expected);
        if (revoked === undefined) continue;
        if (found.status !== 'rotated') await publishNext(scope, found.alg).catch(() => undefined);
        return revoked;
      }
      throw conflict('The keys are being changed by somebody else: try again', 'busy');
    },

    /** Deletes keys whose time is over: nothing that they signed is alive. Gives how many are gone. */
    async retire(limit: number): Promise<number> {
      let gone = 0;
      for (const scope of await store.workspacesWithOverdueKeys(db.knex, limit)) {
        gone += await changingConfig(db, bus, async (tx, touch) => {
          if ((await store.lockKeys(tx, scope)) === undefined) return 0;
          const keys = await store.deleteOverdueKeys(tx, scope);
          if (keys.length === 0) return 0;
          await store.raiseKeysVersion(tx, scope);
          await touch.workspace(scope);
          for (const { kid, alg } of keys)
            await auditKey(tx, scope, SYSTEM_ACTOR, 'key_retired', { kid, alg });
          return keys.length;
        });
      }
      return gone;
    },

    /** Publishes a next key wherever none waits. Gives how many were missing. */
    async publishMissing(limit: number): Promise<number> {
      const missing = await store.keysWithoutNext(db.knex, limit);
      // One after the other: requests need the cores too.
      for (const { alg, ...scope } of missing) await publishNext(scope, alg);
      return missing.length;
    },
  };

  async function begin(
    tx: Knex.Transaction,
    touch: Touch,
    scope: WorkspaceScope,
    alg: SigningAlg,
    by: Actor,
  ): Promise<VersionedKey> {
    await provideKeys(tx, deps, scope, [alg], by);
    await touch.workspace(scope);
    const { keys, rowVersion } = (await store.listKeys(tx, scope, alg)) ?? absent();
    return { ...(keys.find(({ status }) => status === 'current') ?? absentKey()), rowVersion };
  }

  /** Undefined when a successor is needed and none waits any more. */
  async function revokeOnce(
    scope: WorkspaceScope,
    kid: string,
    by: Actor,
    expected: ExpectedVersion,
  ): Promise<VersionedKey | undefined> {
    return changingConfig(db, bus, async (tx, touch) => {
      const locked = (await store.lockKeys(tx, scope)) ?? absent();
      requireVersion(expected, locked);
      const key = (await store.findKey(tx, scope, kid)) ?? absentKey();
      if (key.status === 'revoked') return { ...key, rowVersion: locked.rowVersion };
      const state = (await store.readiness(tx, scope)).find(({ alg }) => alg === key.alg);
      if (key.status === 'current' && !state?.nextCreatedAt) return undefined;
      const sealed = sealer.seal('null', signingKeyName(scope, kid));
      const revoked = await store.revokeKey(tx, scope, kid, {
        sealed,
        listedSeconds: REVOKED_LISTED_SECONDS,
      });
      const successor = key.status === 'current' ? await store.promoteNext(tx, scope, key.alg) : undefined;
      const rowVersion = await store.raiseKeysVersion(tx, scope);
      await touch.workspace(scope);
      const about = { kid, alg: key.alg, ...(successor && { successor: successor.kid }) };
      await auditKey(tx, scope, by, 'key_revoked', about);
      return { ...(revoked ?? key), rowVersion };
    });
  }
}

const notReady = (createdAt: Date) =>
  conflict(
    `The next key signs from ${usableFrom({ createdAt }).toISOString()} at the earliest: until then clients may not know it`,
    'next_key_not_ready',
  );

const tooManyKeys = () =>
  conflict(
    `There are ${MAX_ROTATED_KEYS} rotated keys still published: wait until they retire, or revoke those no longer needed`,
    'too_many_keys',
  );

function absent(): never {
  throw notFound('Workspace');
}

function absentKey(): never {
  throw notFound('Key');
}
