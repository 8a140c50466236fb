import type { IncomingMessage } from 'node:http';
import { allowLongBody } from '../http/body_time.ts';
import { badRequest, HttpError } from '../http/errors.ts';

/** A body that is read as it comes. */
export type StreamedBody = AsyncIterable<Uint8Array> & { readonly contentType: string };

// Ten million people; a limit all the same.
const MAX_BYTES = 8 * 1024 ** 3;

/** For routes that take no such body. */
export const noStream: StreamedBody = { contentType: '', async *[Symbol.asyncIterator]() {} };

/** A request's body as a stream of one of the media types. Throws `HttpError`: 400 when it breaks off, 413, 415. */
export function streamBody(req: IncomingMessage, mediaTypes: readonly string[]): StreamedBody {
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new HttpError(415, 'Send the body without Content-Encoding');
  }
  const [type = ''] = (req.headers['content-type'] ?? '').toLowerCase().split(';');
  const contentType = mediaTypes.find((known) => known === type.trim());
  if (contentType === undefined) throw new HttpError(415, `Send the body as ${mediaTypes.join(' or ')}`);
  allowLongBody(req);
  return { contentType, [Symbol.asyncIterator]: () => chunksOf(req) };
}

async function* chunksOf(req: IncomingMessage): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) {
        throw new HttpError(413, `The body must not exceed ${MAX_BYTES / 1024 ** 3} GiB`, {
          headers: { Connection: 'close' },
        });
      }
      yield chunk;
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw badRequest('The body ended before it was complete', { cause: error });
  }
}
