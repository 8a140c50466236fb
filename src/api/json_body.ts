import type { IncomingMessage } from 'node:http';
import { badRequest, HttpError } from '../http/errors.ts';
import { JsonRefused, parseStrictJson } from './strict_json.ts';

// RFC 6902 §6 gives patches a type of their own.
const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/json-patch+json']);
const MAX_BYTES = 256 * 1024;
// A caller who sends more than the limit, but not absurdly more, still gets to read why it was refused.
const MAX_DRAINED_BYTES = 8 * 1024 * 1024;

/** Reads a request's JSON body. Throws `HttpError`: 400 for what is no strict JSON, 413, 415. */
export async function readJsonBody(req: IncomingMessage): Promise<unknown> {
  requireJson(req);
  const bytes = await readBytes(req);
  if (bytes.length === 0) throw badRequest('This needs a JSON body');
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (error instanceof JsonRefused) throw badRequest(error.message, { cause: error });
    throw error;
  }
}

function requireJson(req: IncomingMessage): void {
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new HttpError(415, 'Send the body without Content-Encoding');
  }
  const [type = '', ...parameters] = (req.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((text) => text.trim()).find((text) => text.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-8"?$/.test(charset);
  if (!JSON_TYPES.has(type.trim()) || !isUtf8) {
    throw new HttpError(415, 'Send the body as application/json in UTF-8');
  }
}

async function readBytes(req: IncomingMessage): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_DRAINED_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_DRAINED_BYTES) throw tooLarge();
      if (size <= MAX_BYTES) chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw badRequest('The body ended before it was complete', { cause: error });
  }
  if (size > MAX_BYTES) throw tooLarge();
  return Buffer.concat(chunks);
}

const tooLarge = (): HttpError =>
  new HttpError(413, `The body must not exceed ${MAX_BYTES / 1024} KiB`, {
    headers: { Connection: 'close' },
  });
