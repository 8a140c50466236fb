import { createServer, type IncomingHttpHeaders } from 'node:http';

export type ReceivedRequest = {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

export type HttpSink = {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** What is answered: a status, or silence. Default: 202. */
  script: () => number | 'hang';
  close(): Promise<void>;
};

/** An HTTP server that takes what it is told to take, and keeps it. */
export async function startHttpSink(): Promise<HttpSink> {
  const sink: Omit<HttpSink, 'url' | 'close'> = { requests: [], script: () => 202 };
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      sink.requests.push({
        path: req.url ?? '',
        headers: req.headers,
        body: Buffer.concat(chunks).toString(),
      });
      const answer = sink.script();
      if (answer !== 'hang') res.writeHead(answer).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(sink, {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
