import type { Knex } from 'knex';
import type { SealedColumn, TextColumn } from './sealed_columns.ts';

// As security/seal.ts writes them: the key's id, 12 bytes of nonce, at least the 16 bytes of the tag.
const SEALED = String.raw`v1\.([A-Za-z0-9_-]{1,32})\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}`;
const HASHED = String.raw`^h1\.([A-Za-z0-9_-]{1,32})\.`;
/** Sealed texts in a value, with the id of their key. */
export const sealedTexts = (): RegExp => new RegExp(SEALED, 'g');

/** A row whose text another key than the newest has sealed. Key columns come as the driver gives them. */
export type StaleRow = { readonly text: string; readonly [column: string]: unknown };

/** The next rows of a column, by primary key, that hold a text of another key than `kid`. */
export async function staleRows(
  knex: Knex,
  { table, column, key, beside }: SealedColumn,
  {
    kid,
    after,
    limit,
  }: { readonly kid: string; readonly after: StaleRow | undefined; readonly limit: number },
): Promise<StaleRow[]> {
  const query = knex<StaleRow>(table)
    .select(...key, ...beside, { text: column })
    .whereRaw('substring(?? from ?) <> ?', [column, SEALED, kid])
    .orderBy([...key])
    .limit(limit);
  if (after !== undefined) {
    const row = key.map(() => '??').join(', ');
    const values = key.map(() => '?').join(', ');
    query.whereRaw(`(${row}) > (${values})`, [...key, ...key.map((name) => after[name] as Knex.Value)]);
  }
  return (await query) as StaleRow[];
}

/** Puts a text in the place of what was read. False when somebody else has changed or removed it by now. */
export async function replaceText(
  tx: Knex.Transaction,
  { table, column, key }: SealedColumn,
  row: StaleRow,
  text: string,
): Promise<boolean> {
  const at = Object.fromEntries(key.map((name) => [name, row[name]]));
  const changed = await tx(table)
    .where({ ...at, [column]: row.text })
    .update({ [column]: text });
  return changed === 1;
}

/** How many rows of a column need each master key. */
export type KeyUse = TextColumn & { readonly kid: string; readonly rows: number };

export const sealedUses = (knex: Knex, column: TextColumn): Promise<KeyUse[]> => uses(knex, column, SEALED);
export const hashedUses = (knex: Knex, column: TextColumn): Promise<KeyUse[]> => uses(knex, column, HASHED);

async function uses(knex: Knex, { table, column }: TextColumn, pattern: string): Promise<KeyUse[]> {
  const { rows } = await knex.raw<{ rows: { kid: string; rows: number }[] }>(
    `SELECT substring(??::text from ?) AS kid, count(*)::int AS rows FROM ??
      WHERE substring(??::text from ?) IS NOT NULL GROUP BY 1 ORDER BY 1`,
    [column, pattern, table, column, pattern],
  );
  return rows.map((row) => ({ table, column, ...row }));
}
