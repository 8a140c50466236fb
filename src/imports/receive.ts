import { setImmediate as afterOthers } from 'node:timers/promises';
import type { Database } from '../db/connection.ts';
import { CopyBlock } from '../db/copy.ts';
import { inTransaction } from '../db/transaction.ts';
import { checkPerson, type PersonCheck } from './check_person.ts';
import type { LineDocument } from './documents.ts';
import type { ImportScope, RowIssue, StagedPerson } from './import.ts';
import { noteReceived } from './import_store.ts';
import { addStaged, flushLater, keepIssues, stageRows } from './staging_store.ts';

// A few milliseconds: those who wait for this process, the writer of this import among them, come in between.
const YIELD_ROWS = 50;
// One COPY each. What is held of a file at any moment is a chunk of it, whatever its length.
const CHUNK_ROWS = 1_000;
const CHUNK_BYTES = 4 * 1024 * 1024;

/** The import takes no more: it was cancelled, or its sender was given up on. */
export class ImportEnded extends Error {
  override readonly name = 'ImportEnded';
}

/**
 * Checks the documents of a file and puts those that are in order where they wait to be written, a chunk a
 * transaction. `staged` is told of each chunk. Throws `ImportEnded`, and what reading the file throws.
 */
export async function receiveRows(
  db: Database,
  scope: ImportScope,
  documents: AsyncIterable<Iterable<LineDocument>>,
  check: PersonCheck,
  staged: () => void,
): Promise<void> {
  const chunk: Chunk = { lines: 0, rows: new CopyBlock(), issues: [] };
  const flush = async () => {
    await stageChunk(db, scope, chunk);
    chunk.lines = 0;
    chunk.rows.clear();
    chunk.issues.length = 0;
    staged();
  };
  for await (const lines of documents) {
    for (const entry of lines) {
      chunk.lines += 1;
      await readLine(entry, scope, check, chunk);
      if (chunk.lines % YIELD_ROWS === 0) await afterOthers();
      if (chunk.lines >= CHUNK_ROWS || chunk.rows.bytes >= CHUNK_BYTES) await flush();
    }
  }
  if (chunk.lines > 0) await flush();
}

type Chunk = { lines: number; readonly rows: CopyBlock; readonly issues: RowIssue[] };

async function readLine(
  entry: LineDocument,
  scope: ImportScope,
  check: PersonCheck,
  chunk: Chunk,
): Promise<void> {
  const { line } = entry;
  if ('problem' in entry) {
    chunk.issues.push({ line, pointer: '', code: 'malformed', message: entry.problem });
    return;
  }
  const checked = await checkPerson(entry.document, check);
  if (!checked.ok) {
    chunk.issues.push(...checked.issues.map((issue) => ({ line, ...issue })));
    return;
  }
  addStaged(chunk.rows, scope, { line, userId: checked.userId, person: withoutRowIds(checked.person) });
}

/** Only the person is known by an id from a file: those of single rows could be others' rows in the pool. */
function withoutRowIds(person: StagedPerson): StagedPerson {
  const plain = <T extends { readonly id?: string | undefined }>(rows: readonly T[]) =>
    rows.map((row) => ({ ...row, id: undefined }));
  return {
    ...person,
    identifiers: plain(person.identifiers),
    addresses: plain(person.addresses),
    credentials: plain(person.credentials),
  };
}

async function stageChunk(db: Database, scope: ImportScope, chunk: Chunk): Promise<void> {
  await inTransaction(db, async (tx) => {
    await flushLater(tx);
    await stageRows(tx, chunk.rows);
    const failed = await keepIssues(tx, scope, chunk.issues);
    if (!(await noteReceived(tx, scope, { lines: chunk.lines, failed }))) throw new ImportEnded();
  });
}
