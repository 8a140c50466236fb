import { recordOf } from '../credentials/passkey_document.ts';
import { relyingPartyOf } from '../credentials/passkeys.ts';
import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import { lockPool } from '../pools/pool_store.ts';
import type { Sealer } from '../security/seal.ts';
import { openTotp } from '../users/factors/totp_secret.ts';
import {
  readPeople,
  type ExportedCredential,
  type ExportedPasskey,
  type ExportedPerson,
} from './export_store.ts';

const PAGE = 500;

export type ExportService = ReturnType<typeof createExportService>;

export type ExportDeps = {
  readonly db: Database;
  readonly sealer: Sealer;
  /** Its host is the one that passkeys are for. */
  readonly publicUrl: string;
};

/** Takes people out of a pool again, with their hashes, secrets and passkeys. Throws `DomainError`. */
export function createExportService(deps: ExportDeps) {
  const { db } = deps;
  return {
    /**
     * Everybody of a pool in NDJSON, as an import takes them, page by page as somebody reads. Recorded before
     * the first line leaves. People who change meanwhile appear as they are when their page is read.
     */
    async people(scope: PoolScope, by: Actor): Promise<AsyncGenerator<string, void>> {
      await inTransaction(db, async (tx) => {
        if ((await lockPool(tx, scope, 'share')) === undefined) throw notFound('Pool');
        const affected = { poolId: scope.poolId };
        await recordAudit(tx, scope, by, { subject: 'pool', action: 'exported', affected });
      });
      return linesOf(deps, scope);
    },
  };
}

async function* linesOf(deps: ExportDeps, scope: PoolScope): AsyncGenerator<string, void> {
  let after = '';
  for (;;) {
    const people = await readPeople(deps.db.knex, scope, { after, limit: PAGE });
    const last = people.at(-1);
    if (last === undefined) return;
    yield people.map((person) => `${JSON.stringify(lineOf(deps, scope, person))}\n`).join('');
    after = last.userId;
  }
}

function lineOf(
  deps: ExportDeps,
  scope: PoolScope,
  { userId, document, credentials, passkeys }: ExportedPerson,
): object {
  const owner = { tenantId: scope.tenantId, poolId: scope.poolId, userId };
  const payloadOf = ({ type, secret }: ExportedCredential): object => {
    if (type === 'password') return { hashed_password: secret };
    if (type === 'totp') return { secret: openTotp(deps.sealer, owner, secret) };
    return { rp_id: relyingPartyOf(deps.publicUrl).id, keys: passkeys.map(presentKey) };
  };
  const present = (credential: ExportedCredential) => {
    const { secret: _secret, ...rest } = credential;
    return { ...rest, payload: payloadOf(credential) };
  };
  return { ...document, credentials: credentials.map(present) };
}

const presentKey = ({ name, createdAt, ...key }: ExportedPasskey): object => ({
  ...recordOf(key),
  name,
  created_at: createdAt,
});
