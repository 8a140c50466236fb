/** Operators by which an index compares texts: its own, or byte by byte (`text_pattern_ops`). */
const OPERATORS = {
  plain: { atLeast: '>=', atMost: '<=', order: '' },
  bytes: { atLeast: '~>=~', atMost: '~<=~', order: 'USING ~<~' },
} as const;

/**
 * SQL that finds the first row by a key: a condition, an order and a limit, for the index on `within` and then
 * `column`. It says "from here to here" and asks for that index's order, which leaves no other index. Of a pool that
 * has come since the planner last looked it expects one row: told "equal", it takes any index that begins with the
 * pool for as good, and reads the whole pool for each key.
 */
export function seek(
  column: string,
  key: string,
  { within, by }: { readonly within: readonly string[]; readonly by: keyof typeof OPERATORS },
  besides = 'true',
): string {
  const { atLeast, atMost, order } = OPERATORS[by];
  return `${column} ${atLeast} ${key} AND ${column} ${atMost} ${key} AND ${besides}
    ORDER BY ${within.join(', ')}, ${column} ${order} LIMIT 1`;
}
