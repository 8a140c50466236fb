import type { Knex } from 'knex';
import type { GroupPath, ImportScope, StagedPerson } from './import.ts';
import { claimsOf, readOwners, type Claim, type Claiming } from './owners_store.ts';
import { seek } from './seek.ts';
import { placesOf, type Candidate } from './verdict.ts';

/** A row that waits, with the groups that its person is to be in. */
export type WaitingRow = {
  readonly line: number;
  readonly userId: string;
  readonly groups: readonly GroupPath[];
};

type Row = WaitingRow & Claiming & Pick<StagedPerson, 'idGiven'>;

/** A waiting row with what else its batch has to know of it. */
export type StagedCandidate = Candidate & Pick<WaitingRow, 'groups'>;

type Place = { readonly afterLine: number; readonly limit: number };

/**
 * The rows after a line, in the order of the file, with what stands against each of them. Few plain statements
 * by key for the whole batch: their plans stay the same however fast the tables grow beneath them.
 */
export async function readCandidates(
  tx: Knex.Transaction,
  scope: ImportScope,
  options: Place & { readonly caseInsensitive: boolean; readonly dryRun: boolean },
): Promise<StagedCandidate[]> {
  const rows = await readRows(tx, scope, options);
  if (rows.length === 0) return [];
  const claims = rows.map((row) => claimsOf(row, options.caseInsensitive));
  const ids = await readIds(
    tx,
    scope,
    rows.map(({ userId }) => userId),
  );
  const owners = await readOwners(tx, scope, claims.flat());
  // Whoever an earlier batch wrote is found by name or id; a dry run wrote nobody.
  const known = options.dryRun ? rows.map(({ userId }) => userId) : [...ids.keys(), ...owners.everybody()];
  const lines = await readLinesOfUsers(tx, scope, known, options.afterLine);
  const remembered = options.dryRun ? await readRemembered(tx, scope, claims.flat()) : undefined;
  return rows.map((row, index) => {
    const poolId = ids.get(row.userId);
    return {
      line: row.line,
      userId: row.userId,
      idGiven: row.idGiven,
      groups: row.groups,
      isHere: poolId === scope.poolId,
      isTaken: poolId !== undefined,
      earlierLine: lines.get(row.userId) ?? null,
      names: (claims[index] ?? []).map((claim) => {
        const [owner, crossOwner] = owners.of(claim);
        const holder = owner ?? crossOwner ?? '';
        const earlierLine = remembered?.(claim) ?? lines.get(holder) ?? null;
        return { ...claim, owner, crossOwner, earlierLine };
      }),
    };
  });
}

/** The rows after a line, in the order of the file. */
export const readWaiting = (tx: Knex.Transaction, scope: ImportScope, place: Place): Promise<WaitingRow[]> =>
  selectRows<WaitingRow>(tx, scope, place, '');

const readRows = (tx: Knex.Transaction, scope: ImportScope, place: Place): Promise<Row[]> =>
  selectRows<Row>(
    tx,
    scope,
    place,
    `, (document->>'idGiven')::boolean AS "idGiven", document->'identifiers' AS identifiers,
       document->'addresses' AS addresses, document->'passkeys' AS passkeys`,
  );

async function selectRows<R extends WaitingRow>(
  tx: Knex.Transaction,
  { tenantId, importId }: ImportScope,
  { afterLine, limit }: Place,
  more: string,
): Promise<R[]> {
  const { rows } = await tx.raw<{ rows: R[] }>(
    `SELECT line, user_id AS "userId", coalesce(document->'groups', '[]') AS groups${more}
       FROM import_rows WHERE tenant_id = ? AND import_id = ? AND line > ? ORDER BY line LIMIT ?`,
    [tenantId, importId, afterLine, limit],
  );
  return rows;
}

/** The pool of each id that was ever given; an empty text for somebody removed, and for a client. */
export async function readIds(
  tx: Knex.Transaction,
  { tenantId }: { readonly tenantId: string },
  ids: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await tx.raw<{ rows: { id: string; poolId: string }[] }>(
    `SELECT k.id, found."poolId" FROM unnest(:ids::text[]) AS k(id), LATERAL (
       SELECT coalesce((SELECT u.pool_id FROM users u WHERE u.tenant_id = :tenantId
              AND ${seek('u.user_id', 'k.id', { within: ['u.tenant_id'], by: 'plain' })}), '') AS "poolId" FROM user_ids i WHERE i.tenant_id = :tenantId AND i.user_id = k.id LIMIT 1) found
     UNION ALL
     SELECT client_id, '' FROM clients WHERE tenant_id = :tenantId AND client_id = ANY(:ids)`,
    { tenantId, ids: ids as unknown as string },
  );
  return new Map(rows.map(({ id, poolId }) => [id, poolId]));
}

/** The first line of each of these people in batches before this one. */
async function readLinesOfUsers(
  tx: Knex.Transaction,
  { tenantId, importId }: ImportScope,
  userIds: readonly string[],
  afterLine: number,
): Promise<Map<string, number>> {
  if (userIds.length === 0 || afterLine === 0) return new Map();
  // The order asked for leaves only the index by person: there are no statistics yet of rows just copied.
  const { rows } = await tx.raw<{ rows: { userId: string; line: number }[] }>(
    `SELECT k.user_id AS "userId", e.line FROM unnest(:userIds::text[]) AS k(user_id), LATERAL (
       SELECT r.line FROM import_rows r WHERE r.tenant_id = :tenantId AND r.import_id = :importId
          AND r.user_id = k.user_id ORDER BY r.tenant_id, r.import_id, r.user_id, r.line LIMIT 1) e
      WHERE e.line <= :afterLine`,
    { tenantId, importId, afterLine, userIds: userIds as unknown as string },
  );
  return new Map(rows.map(({ userId, line }) => [userId, line]));
}

/** The lines before this batch that claim a name, in a check that writes nobody. */
async function readRemembered(
  tx: Knex.Transaction,
  { tenantId, importId }: ImportScope,
  claims: readonly Claim[],
): Promise<(claim: Claim) => number | null> {
  const keys = [...new Set(claims.flatMap(({ key, foldedKey }) => [key, foldedKey]))];
  const { rows } = await tx.raw<{ rows: { kind: string; key: string; line: number }[] }>(
    `SELECT n.kind, n.key, n.line
       FROM unnest(ARRAY['identifier', 'folded', 'verified', 'passkey']) AS d(kind), unnest(:keys::text[]) AS k(key),
            LATERAL (SELECT * FROM import_names WHERE tenant_id = :tenantId AND import_id = :importId
                        AND kind = d.kind AND key = k.key ORDER BY tenant_id, import_id, kind, key LIMIT 1) n`,
    { tenantId, importId, keys: keys as unknown as string },
  );
  const known = new Map(rows.map(({ kind, key, line }) => [`${kind} ${key}`, line]));
  return (claim) =>
    placesOf(claim)
      .map((place) => known.get(place))
      .find((line) => line !== undefined) ?? null;
}
