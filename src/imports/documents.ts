import { JsonRefused, parseStrictJson } from '../strict_json.ts';
import { CsvRefused, readCsvHeader } from './csv.ts';
import { readLines, type Line } from './lines.ts';

export const IMPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** What a line of a file holds, or why it cannot be read. */
export type LineDocument =
  | { readonly line: number; readonly document: unknown }
  | { readonly line: number; readonly problem: string };

/** The file as a whole cannot be read: its header is wrong. */
export class FileRefused extends Error {
  override readonly name = 'FileRefused';
}

/** The documents of a file, as many at a time as come together. Throws `FileRefused`. */
export async function* readDocuments(
  source: AsyncIterable<Uint8Array>,
  format: ImportFormat,
): AsyncGenerator<Iterable<LineDocument>> {
  let read: ((bytes: Uint8Array) => unknown) | undefined = format === 'ndjson' ? parseStrictJson : undefined;
  for await (const lines of readLines(source, { quoted: format === 'csv' })) {
    let rest = lines;
    if (read === undefined) {
      read = headerOf(lines[0]);
      rest = lines.slice(1);
    }
    yield documentsOf(rest, read);
  }
}

function headerOf(line: Line | undefined): (bytes: Uint8Array) => unknown {
  if (line === undefined || 'problem' in line) throw new FileRefused('the header is too long');
  try {
    return readCsvHeader(line.bytes);
  } catch (error) {
    if (error instanceof CsvRefused) throw new FileRefused(`the header ${error.message}`, { cause: error });
    throw error;
  }
}

/** One after the other: what is parsed may go before the next one is. */
function* documentsOf(
  lines: readonly Line[],
  parse: (bytes: Uint8Array) => unknown,
): Generator<LineDocument> {
  for (const line of lines) yield documentOf(line, parse);
}

function documentOf(line: Line, parse: (bytes: Uint8Array) => unknown): LineDocument {
  if ('problem' in line) return line;
  try {
    return { line: line.line, document: parse(line.bytes) };
  } catch (error) {
    if (error instanceof CsvRefused) return { line: line.line, problem: error.message };
    // Its sentences are about a body.
    if (error instanceof JsonRefused) {
      return { line: line.line, problem: error.message.replace(/^The body /, '') };
    }
    throw error;
  }
}
