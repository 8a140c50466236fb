import dns from 'node:dns';
import { createServer, type Server } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createOutboundFetch, isPublicAddress, OutboundError } from '../../src/security/outbound.ts';

let canary: Server;
let port: number;
let hits: string[] = [];

const strict = createOutboundFetch({ allowHosts: [] });
const allowing = createOutboundFetch({ allowHosts: ['127.0.0.1'] });

beforeAll(async () => {
  canary = createServer((req, res) => {
    hits.push(req.url ?? '');
    if (req.url === '/redirect') res.writeHead(302, { location: `http://localhost:${port}/secret` }).end();
    else if (req.url === '/empty') res.writeHead(204).end();
    else if (req.url === '/large') res.end(Buffer.alloc(256 * 1024));
    else if (req.url === '/too-large') res.end(Buffer.alloc(256 * 1024 + 1));
    else if (req.url === '/bomb')
      res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(5_000_000)));
    else if (req.url === '/endless') setInterval(() => res.write('x'), 20).unref();
    else if (req.url === '/silent') res.on('close', () => {});
    else res.writeHead(200, { 'content-type': 'application/json' }).end('{"keys":[]}');
  });
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
  port = (canary.address() as AddressInfo).port;
});

afterAll(() => {
  canary.closeAllConnections();
  canary.close();
});

afterEach(() => {
  hits = [];
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** Makes every name resolve to these addresses, one answer a question. */
function resolveTo(...answers: string[][]) {
  const asked: string[] = [];
  vi.spyOn(dns, 'lookup').mockImplementation(((
    name: string,
    _options: object,
    callback: (...result: unknown[]) => void,
  ) => {
    const addresses = answers[asked.length] ?? answers.at(-1) ?? [];
    asked.push(name);
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  }) as unknown as typeof dns.lookup);
  syncBuiltinESMExports();
  return asked;
}

describe('an outgoing request', () => {
  test.each([
    'http://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://0x7f000001:PORT/',
    'http://2130706433:PORT/',
    'http://0177.0.0.1:PORT/',
    'http://0.0.0.0:PORT/',
    'http://[::1]:PORT/',
    'http://[::]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://[64:ff9b::127.0.0.1]:PORT/',
    'http://localhost:PORT/',
    'http://localhost.:PORT/',
    'http://１２７.0.0.1:PORT/',
    'http://user:password@127.0.0.1:PORT/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://192.168.0.1/',
    'http://[fd00::1]/',
    'http://[fe80::1]/',
    'data:text/plain,hello',
    'file:///etc/passwd',
    'blob:nodedata:1',
    'no address',
  ])('to %s is refused', async (target) => {
    const failure = await strict(target.replace('PORT', String(port))).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutboundError);
    expect((failure as Error).message).toBe('The address could not be fetched');
    expect(hits).toEqual([]);
  });

  test.each([
    [['127.0.0.1']],
    [['::1']],
    [['10.1.2.3']],
    [['93.184.215.14', '127.0.0.1']],
    [['::ffff:127.0.0.1']],
    [[]],
  ])('to a name that is at %j is refused', async (addresses) => {
    const asked = resolveTo(addresses);
    await expect(strict(`http://app.test:${port}/`)).rejects.toMatchObject({
      cause: { cause: { message: expect.stringContaining('no public address') as string } },
    });
    expect(asked).toEqual(['app.test']);
    expect(hits).toEqual([]);
  });

  test('gives a name no second answer to slip through with', async () => {
    const asked = resolveTo(['192.168.0.1'], ['127.0.0.1']);
    await expect(strict(`http://flip.test:${port}/`)).rejects.toThrow(OutboundError);
    expect(asked).toEqual(['flip.test']);
    expect(hits).toEqual([]);
  });

  test('may go to hosts that a test allows, and to no other', async () => {
    const response = await allowing(`http://127.0.0.1:${port}/jwks`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ keys: [] });
    await expect(allowing(`http://localhost:${port}/`)).rejects.toThrow(OutboundError);
    await expect(allowing(`http://[::1]:${port}/`)).rejects.toThrow(OutboundError);
    expect(hits).toEqual(['/jwks']);
  });

  test('does not follow redirects, whatever the caller asks for', async () => {
    const response = await allowing(`http://127.0.0.1:${port}/redirect`, { redirect: 'follow' });
    expect(response.status).toBe(302);
    expect(response.ok).toBe(false);
    expect(hits).toEqual(['/redirect']);
  });

  test('does not use the dispatcher of a caller', async () => {
    const bypass = {
      dispatch: () => {
        throw new Error('bypassed');
      },
    };
    const init = { dispatcher: bypass } as unknown as RequestInit;
    expect((await allowing(`http://127.0.0.1:${port}/jwks`, init)).status).toBe(200);
  });

  test('reads 256 KiB and not a byte more, also of what unpacks itself', async () => {
    const large = await allowing(`http://127.0.0.1:${port}/large`);
    expect((await large.arrayBuffer()).byteLength).toBe(256 * 1024);
    await expect(allowing(`http://127.0.0.1:${port}/too-large`)).rejects.toThrow(OutboundError);
    await expect(allowing(`http://127.0.0.1:${port}/bomb`)).rejects.toThrow(OutboundError);
    expect((await allowing(`http://127.0.0.1:${port}/empty`)).status).toBe(204);
  });

  test('ends after 2.5 seconds, before or in the middle of the answer', async () => {
    const both = ['/silent', '/endless'].map((path) => allowing(`http://127.0.0.1:${port}${path}`));
    for (const outcome of await Promise.allSettled(both)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { cause: { name: 'TimeoutError' } } });
    }
  });

  test('ends when its caller gives up', async () => {
    const signal = AbortSignal.abort();
    await expect(allowing(`http://127.0.0.1:${port}/`, { signal })).rejects.toThrow(OutboundError);
    expect(hits).toEqual([]);
  });
});

describe('an address', () => {
  test.each([
    '8.8.8.8',
    '93.184.215.14',
    '172.15.255.255',
    '172.32.0.1',
    '2606:2800:21f:cb07::1',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.168.1.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    '::ffff:0a00:0001',
    '64:ff9b::10.0.0.1',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '3fff::1',
    '100::1',
    '5f00::1',
    'localhost',
    '',
  ])('%j is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
