import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { notFound } from '../domain_error.ts';
import type { Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import type { PoolScope } from '../pools/pool.ts';
import { lockPool } from '../pools/pool_store.ts';
import type { Sealer } from '../security/seal.ts';
import { openTotp } from '../users/factors/totp_secret.ts';
import { readPeople, type ExportedCredential, type ExportedPerson } from './export_store.ts';

const PAGE = 500;

export type ExportService = ReturnType<typeof createExportService>;

/** Takes people out of a pool again, with their hashes and secrets. Throws `DomainError`. */
export function createExportService({ db, sealer }: { db: Database; sealer: Sealer }) {
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
      return linesOf(db, sealer, scope);
    },
  };
}

async function* linesOf(db: Database, sealer: Sealer, scope: PoolScope): AsyncGenerator<string, void> {
  let after = '';
  for (;;) {
    const people = await readPeople(db.knex, scope, { after, limit: PAGE });
    const last = people.at(-1);
    if (last === undefined) return;
    yield people.map((person) => `${JSON.stringify(lineOf(sealer, scope, person))}\n`).join('');
    after = last.userId;
  }
}

function lineOf(sealer: Sealer, scope: PoolScope, { userId, document, credentials }: ExportedPerson): object {
  const present = ({ secret, ...credential }: ExportedCredential) => ({
    ...credential,
    payload:
      credential.type === 'password'
        ? { hashed_password: secret }
        : { secret: openTotp(sealer, { tenantId: scope.tenantId, poolId: scope.poolId, userId }, secret) },
  });
  return { ...document, credentials: credentials.map(present) };
}
