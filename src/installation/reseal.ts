import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { type MasterKey, SealError, type Sealer } from '../security/seal.ts';
import { wrapHashKeys } from '../security/wrapped_keys.ts';
import { SEALED_COLUMNS, type SealedColumn } from './sealed_columns.ts';
import { replaceText, sealedTexts, staleRows, type StaleRow } from './sealed_texts_store.ts';

export type ResealDeps = {
  readonly db: Database;
  readonly sealer: Sealer;
  /** The newest first. */
  readonly masterKeys: readonly MasterKey[];
};

/** What became of a column so far. `unreadable`: no key here opens it, or it was sealed for another place. */
export type Resealed = {
  readonly table: string;
  readonly column: string;
  readonly resealed: number;
  readonly unreadable: number;
};

/** A transaction holds its rows for tens of milliseconds; a running server does not notice. */
const BATCH = 200;

/**
 * Seals every stored secret anew under the newest master key, and keeps what the older ones have hashed with, so
 * that they can be taken away. Beside running servers that have the newest key already, and any number of times:
 * a row is replaced as it was read, or not at all. Killed anywhere, every row is readable, and the next run goes
 * on with the rest.
 * @param onProgress is told after each batch.
 */
export async function resealAll(
  deps: ResealDeps,
  onProgress: (done: Resealed) => void = () => undefined,
): Promise<Resealed[]> {
  const { db, sealer, masterKeys } = deps;
  for (const { kid } of masterKeys.slice(1)) await wrapHashKeys(db.knex, sealer, kid);
  const results: Resealed[] = [];
  for (const column of SEALED_COLUMNS) results.push(await resealColumn(deps, column, onProgress));
  return results;
}

async function resealColumn(
  { db, sealer, masterKeys }: ResealDeps,
  column: SealedColumn,
  onProgress: (done: Resealed) => void,
): Promise<Resealed> {
  const kid = masterKeys[0]?.kid ?? '';
  let done: Resealed = { table: column.table, column: column.column, resealed: 0, unreadable: 0 };
  let after: StaleRow | undefined;
  for (;;) {
    const rows = await staleRows(db.knex, column, { kid, after, limit: BATCH });
    after = rows.at(-1);
    if (after === undefined) return done;
    const outcomes = await inTransaction(db, async (tx) => {
      const made: ('resealed' | 'unreadable' | 'changed')[] = [];
      for (const row of rows) {
        const text = sealedAnew(sealer, column, row);
        if (text === undefined) made.push('unreadable');
        else made.push((await replaceText(tx, column, row, text)) ? 'resealed' : 'changed');
      }
      return made;
    });
    const count = (what: string) => outcomes.filter((outcome) => outcome === what).length;
    done = {
      ...done,
      resealed: done.resealed + count('resealed'),
      unreadable: done.unreadable + count('unreadable'),
    };
    onProgress(done);
  }
}

function sealedAnew(sealer: Sealer, { placeOf }: SealedColumn, row: StaleRow): string | undefined {
  const place = placeOf(row as unknown as Readonly<Record<string, string>>);
  try {
    return row.text.replace(sealedTexts(), (text) => sealer.seal(sealer.open(text, place), place));
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}
