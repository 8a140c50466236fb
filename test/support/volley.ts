import { connect, type Socket } from 'node:net';

export type VolleyRequest = {
  readonly port: number;
  /** The host that the request names; the same for every process that serves one issuer. */
  readonly host: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
};

export type VolleyAnswer = { readonly status: number; readonly headers: string; readonly body: string };

/**
 * Sends all requests at the same moment, each on a connection of its own that stands before the first byte is
 * sent.
 */
export async function volley(requests: readonly VolleyRequest[]): Promise<VolleyAnswer[]> {
  const sockets = await Promise.all(requests.map(({ port }) => opened(port)));
  const answers = sockets.map(read);
  sockets.forEach((socket, index) => socket.write(textOf(requests[index] as VolleyRequest)));
  return Promise.all(answers);
}

/** A form post with client authentication in the body or header given. */
export function formPost(
  where: Pick<VolleyRequest, 'port' | 'host' | 'path'>,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): VolleyRequest {
  return {
    ...where,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  };
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

function textOf({ host, method, path, headers = {}, body = '' }: VolleyRequest): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `host: ${host}`,
    'connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

function read(socket: Socket): Promise<VolleyAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => {
      const text = Buffer.concat(chunks).toString();
      const at = text.indexOf('\r\n\r\n');
      const headers = text.slice(0, at);
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(headers)?.[1]);
      resolve({ status, headers, body: text.slice(at + 4) });
    });
  });
}
