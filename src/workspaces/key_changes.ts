import type { Knex } from 'knex';
import type { Database } from '../db/connection.ts';
import { SYSTEM_ACTOR, type Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { Sealer } from '../security/seal.ts';
import { changingConfig, type ConfigBus, type WorkspaceScope } from './config_change.ts';
import { publishedAfterUseSeconds, type KeyStatus, type VersionedKey } from './key_rules.ts';
import * as store from './key_store.ts';
import type { RsaStock } from './rsa_stock.ts';
import { EVERYWHERE, makeSigningKey, type NewSigningKey, type SigningAlg } from './signing_key.ts';
import { signingKeyName } from './snapshot_store.ts';
import { insertSigningKeys, type SealedSigningKey } from './workspace_store.ts';

/** What it takes to make a key. */
export type KeyMaker = { readonly sealer: Sealer; readonly rsaStock: RsaStock };

export type KeyDeps = KeyMaker & { readonly db: Database; readonly bus: ConfigBus };

/** The key as it is stored. */
export const sealKey = (
  sealer: Sealer,
  scope: WorkspaceScope,
  { kid, alg, publicJwk, privateJwk }: NewSigningKey,
): SealedSigningKey => ({
  kid,
  alg,
  publicJwk,
  sealed: sealer.seal(JSON.stringify(privateJwk), signingKeyName(scope, kid)),
});

/**
 * Gives a workspace its first key of each algorithm that it has none of, in the caller's transaction. It signs at
 * once: who has never had a token of that algorithm from here keeps no JWKS for one.
 */
export async function provideKeys(
  tx: Knex.Transaction,
  { sealer, rsaStock }: KeyMaker,
  scope: WorkspaceScope,
  algs: readonly (SigningAlg | undefined)[],
  by: Actor,
): Promise<void> {
  const asked = [...new Set(algs)].flatMap((alg) =>
    alg === undefined || EVERYWHERE.includes(alg) ? [] : [alg],
  );
  const missing = async () => {
    const known = await store.signingAlgs(tx, scope);
    return asked.filter((alg) => !known.includes(alg));
  };
  if (asked.length === 0 || (await missing()).length === 0) return;
  await store.lockKeys(tx, scope);
  // Another transaction may have been faster.
  const keys = await Promise.all((await missing()).map((alg) => makeSigningKey(rsaStock, alg)));
  if (keys.length === 0) return;
  await insertSigningKeys(
    tx,
    scope,
    keys.map((key) => sealKey(sealer, scope, key)),
  );
  await store.raiseKeysVersion(tx, scope);
  for (const { kid, alg } of keys) await auditKey(tx, scope, by, 'key_published', { kid, alg });
}

/** Sees to it that a key waits its turn. Does nothing where one does, where none signs, or without a workspace. */
export type PublishNext = (scope: WorkspaceScope, alg: SigningAlg) => Promise<void>;

/** Makes `PublishNext`: many who ask at once get one key made for all of them. */
export function createPublishNext({ db, bus, sealer, rsaStock }: KeyDeps): PublishNext {
  const underWay = new Map<string, Promise<void>>();

  async function publish(scope: WorkspaceScope, alg: SigningAlg): Promise<void> {
    const known = await store.listKeys(db.knex, scope, alg);
    const has = (wanted: KeyStatus) => known?.keys.some(({ status }) => status === wanted) ?? false;
    if (!has('current') || has('next')) return;
    const key = sealKey(sealer, scope, await makeSigningKey(rsaStock, alg));
    await changingConfig(db, bus, async (tx, touch) => {
      if ((await store.lockKeys(tx, scope)) === undefined) return;
      // Another process may have been faster.
      if (!(await store.insertNextKey(tx, scope, key))) return;
      await store.raiseKeysVersion(tx, scope);
      await touch.workspace(scope);
      await auditKey(tx, scope, SYSTEM_ACTOR, 'key_published', { kid: key.kid, alg });
    });
  }

  return (scope, alg) => {
    const name = `${scope.tenantId}/${scope.workspaceId}/${alg}`;
    const running = underWay.get(name);
    if (running !== undefined) return running;
    const made = publish(scope, alg).finally(() => underWay.delete(name));
    underWay.set(name, made);
    return made;
  };
}

/** Lets the next key of an algorithm sign and puts the current one aside. The keys are locked, the next is ready. */
export async function promote(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  alg: SigningAlg,
  { sessionSeconds, by }: { readonly sessionSeconds: number; readonly by: Actor },
): Promise<VersionedKey> {
  const before = await store.putAside(tx, scope, alg, publishedAfterUseSeconds(sessionSeconds));
  const promoted = await store.promoteNext(tx, scope, alg);
  if (promoted === undefined) throw new Error('no key waits to be promoted');
  const rowVersion = await store.raiseKeysVersion(tx, scope);
  await auditKey(tx, scope, by, 'key_rotated', { kid: promoted.kid, alg, before });
  return { ...promoted, rowVersion };
}

/** Records what happened to a key. Key ids are public. */
export async function auditKey(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  by: Actor,
  action: 'key_published' | 'key_rotated' | 'key_revoked' | 'key_retired',
  about:
    | { readonly kid: string; readonly alg: string; readonly before?: string; readonly successor?: string }
    | object,
): Promise<void> {
  const { workspaceId } = scope;
  await recordAudit(tx, scope, by, {
    subject: 'server',
    action,
    workspaceId,
    payload: { server_id: workspaceId, ...about },
  });
}
