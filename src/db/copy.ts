import type pg from 'pg';
import type { DatabaseClient } from './connection.ts';

/** What may stand in a column; objects are written as JSON. */
export type CopyValue = string | number | boolean | null | object;

const FIRST_BYTES = 64 * 1024;

/** Rows on their way into a table, as text in one buffer: thousands of them are no load for the heap. */
export class CopyBlock {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  get bytes(): number {
    return this.#length;
  }

  add(row: readonly CopyValue[]): void {
    const text = `${row.map(field).join('\t')}\n`;
    const end = this.#length + Buffer.byteLength(text);
    if (end > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#length += this.#buffer.write(text, this.#length);
  }

  /** Valid until the block is cleared. */
  contents(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }
}

/**
 * Writes rows by `COPY ... FROM STDIN`, in the client's transaction if it is in one.
 * @param target table and columns, as `table (column, ...)`; part of the program, never input.
 */
export function copyRows(
  client: DatabaseClient,
  target: string,
  rows: readonly (readonly CopyValue[])[],
): Promise<void> {
  const block = new CopyBlock();
  for (const row of rows) block.add(row);
  return copyBlock(client, target, block);
}

/** The same for rows that were put together before. */
export function copyBlock(client: DatabaseClient, target: string, block: CopyBlock): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(`COPY ${target} FROM STDIN`, block.contents(), resolve, reject));
  });
}

const SPECIAL = /[\\\n\r\t]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". */
function field(value: CopyValue): string {
  if (value === null) return '\\N';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (!SPECIAL.test(text)) return text;
  return text.replaceAll(/[\\\n\r\t]/g, (char) => ESCAPES[char] as string);
}

type Connection = {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
};

/** A query that `pg` runs in its turn; it calls these as the answers of the server come in. */
class CopyIn implements pg.Submittable {
  readonly #text: string;
  readonly #data: Buffer;
  readonly #done: () => void;
  readonly #failed: (error: Error) => void;
  #error: Error | undefined;

  constructor(text: string, data: Buffer, done: () => void, failed: (error: Error) => void) {
    this.#text = text;
    this.#data = data;
    this.#done = done;
    this.#failed = failed;
  }

  submit = (connection: pg.Connection): void => (connection as unknown as Connection).query(this.#text);

  handleCopyInResponse(connection: Connection): void {
    connection.sendCopyFromChunk(this.#data);
    connection.endCopyFrom();
  }

  handleError(error: Error): void {
    // A lost connection is not followed by ReadyForQuery.
    this.#error = error;
    this.#failed(error);
  }

  handleReadyForQuery(): void {
    if (this.#error === undefined) this.#done();
  }

  handleCommandComplete(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
}
