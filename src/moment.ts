// What both the database and JSON can write with four digits.
const EARLIEST = Date.parse('0001-01-02T00:00:00Z');
const LATEST = Date.parse('9999-12-30T00:00:00Z');

/** Whether a moment (RFC 3339) is one that the database knows, and that stays a text of the same form there. */
export function isStorableMoment(text: string): boolean {
  const at = Date.parse(text);
  return at >= EARLIEST && at <= LATEST;
}

export const MOMENT_RULE = 'must be a moment from the year 1 to the year 9999';
