/** One line of a file, or why it cannot be read. Lines are counted from 1. */
export type Line =
  | { readonly line: number; readonly bytes: Buffer }
  | { readonly line: number; readonly problem: string };

export type LineOptions = {
  /** A line break inside double quotes belongs to the text, as CSV has it. */
  readonly quoted: boolean;
};

// As much as a request body may hold: no person takes more.
export const MAX_LINE_BYTES = 256 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The lines of a stream of bytes, those of a chunk at a time. LF or CRLF ends a line, a byte order mark at the
 * start is dropped, blank lines are counted and left out. An overlong line is reported and skipped; never more
 * than one line is held.
 */
export async function* readLines(
  source: AsyncIterable<Uint8Array>,
  { quoted }: LineOptions,
): AsyncGenerator<Line[]> {
  const reader = new LineReader(quoted);
  for await (const chunk of source) {
    const lines = reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    if (lines.length > 0) yield lines;
  }
  const rest = reader.end();
  if (rest.length > 0) yield rest;
}

class LineReader {
  readonly #quoted: boolean;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #overlong = false;
  #inQuotes = false;
  #line = 1;
  // Line breaks inside quotes: the row is known by its first line.
  #breaks = 0;
  #atStart = true;

  constructor(quoted: boolean) {
    this.#quoted = quoted;
  }

  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = this.#endOfLine(chunk, 0); end !== -1; end = this.#endOfLine(chunk, from)) {
      this.#hold(chunk.subarray(from, end));
      this.#finish(lines);
      from = end + 1;
    }
    // A copy: the stream may use its buffer again.
    this.#hold(Buffer.from(chunk.subarray(from)));
    return lines;
  }

  end(): Line[] {
    const lines: Line[] = [];
    this.#finish(lines);
    return lines;
  }

  #endOfLine(chunk: Buffer, from: number): number {
    if (!this.#quoted) return chunk.indexOf(LF, from);
    for (let at = from; at < chunk.length; at += 1) {
      if (chunk[at] === QUOTE) this.#inQuotes = !this.#inQuotes;
      else if (chunk[at] === LF) {
        // In an overlong line nobody knows any more what is quoted: start afresh.
        if (!this.#inQuotes || this.#overlong) return at;
        this.#breaks += 1;
      }
    }
    return -1;
  }

  #hold(part: Buffer): void {
    if (this.#heldBytes + part.length > MAX_LINE_BYTES) {
      this.#overlong = true;
      this.#held = [];
    }
    if (this.#overlong || part.length === 0) return;
    this.#held.push(part);
    this.#heldBytes += part.length;
  }

  #finish(lines: Line[]): void {
    const line = this.#line;
    if (this.#overlong) {
      lines.push({ line, problem: `is longer than ${MAX_LINE_BYTES / 1024} KiB` });
    } else {
      let bytes = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
      if (this.#atStart && bytes.subarray(0, 3).equals(BOM)) bytes = bytes.subarray(3);
      if (bytes.at(-1) === CR) bytes = bytes.subarray(0, -1);
      if (!isBlank(bytes)) lines.push({ line, bytes });
    }
    this.#line += 1 + this.#breaks;
    this.#breaks = 0;
    this.#held = [];
    this.#heldBytes = 0;
    this.#overlong = false;
    this.#inQuotes = false;
    this.#atStart = false;
  }
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x09 && byte !== CR) return false;
  return true;
}
