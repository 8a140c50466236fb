/** A column of a table, by name; `json` for one whose value is a document. */
type Column = string | { readonly json: string };

/** Which column holds which property. One per table, so that reads and writes cannot disagree. */
export type Columns<T> = { readonly [K in keyof T]-?: Column };

export const json = (column: string): Column => ({ json: column });

const nameOf = (column: Column): string => (typeof column === 'string' ? column : column.json);

/** The select list that gives rows the names and shape of `T`. */
export function selection<T>(columns: Columns<T>, alias: string): string {
  return Object.entries<Column>(columns)
    .map(([property, column]) => `${alias}.${nameOf(column)} AS "${property}"`)
    .join(', ');
}

/** The columns and values to write for the properties given; absent and undefined ones are left out. */
export function toRow<T>(columns: Columns<T>, values: Partial<T>): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [property, column] of Object.entries<Column>(columns)) {
    const value = values[property as keyof T];
    if (value === undefined) continue;
    row[nameOf(column)] = typeof column === 'string' || value === null ? value : JSON.stringify(value);
  }
  return row;
}
