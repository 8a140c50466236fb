/** A page of a list by key: `limit` rows after or before one (exclusive), in the order asked for. */
export type Page = {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
};

export type Keyset = {
  /** SQL condition on the key, `true` for the first page; its bindings are `bindings`. */
  readonly where: string;
  readonly bindings: readonly string[];
  readonly orderBy: string;
  /** A page before a key is read backwards: this puts its rows into the order asked for. */
  readonly arrange: <T>(rows: T[]) => T[];
};

/**
 * SQL of one page. `key` is a column expression or a row of them, such as `(p.name_lc, p.pool_id)`; `cursor` is
 * the SQL that a cursor's bindings fill, one `?` per column. Costs the same on page 1 and on page 20,000.
 */
export function keyset(
  columns: readonly string[],
  page: Page,
  cursor: { after?: readonly string[] | undefined; before?: readonly string[] | undefined } = {
    after: page.after === undefined ? undefined : [page.after],
    before: page.before === undefined ? undefined : [page.before],
  },
): Keyset {
  const backwards = cursor.after === undefined && cursor.before !== undefined;
  const descending = (page.order === 'desc') !== backwards;
  const bindings = cursor.after ?? cursor.before ?? [];
  const operator = descending ? '<' : '>';
  const key = columns.join(', ');
  return {
    where: bindings.length === 0 ? 'true' : `(${key}) ${operator} (${bindings.map(() => '?').join(', ')})`,
    bindings,
    orderBy: columns.map((column) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', '),
    arrange: (rows) => (backwards ? rows.toReversed() : rows),
  };
}

const WILDCARDS = /[\\%_]/g;

/** The text as it stands, for use inside a LIKE pattern. */
export const literalForLike = (text: string): string => text.replaceAll(WILDCARDS, (char) => `\\${char}`);
