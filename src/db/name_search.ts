import { literalForLike } from './keyset.ts';

/** Where a thing keeps what it is searched by: SQL expressions of one table. */
export type SearchedColumns = { readonly tenantId: string; readonly id: string; readonly name: string };

export type Search = { readonly where: string; readonly bindings: readonly string[] };

/**
 * SQL condition of `search_phrase`: the id is the phrase, or the name holds it, in capitals or not. Found by the index
 * over `name_fragments`, which knows phrases of three letters and more; shorter ones are met soon in any list.
 * `part` is the phrase as the name is stored, where names are folded before that.
 */
export function searchByName(
  columns: SearchedColumns,
  tenantId: string,
  phrase: string,
  part = phrase,
): Search {
  const { id, name } = columns;
  return {
    where: `(${id} = ? OR (name_fragments(${columns.tenantId}, ${name}) @> name_fragments(?, ?)
                           AND lower(${name}) LIKE lower(?)))`,
    bindings: [phrase, tenantId, part, `%${literalForLike(part)}%`],
  };
}
