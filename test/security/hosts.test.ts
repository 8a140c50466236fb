import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Koa from 'koa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostGuard, type HostOptions } from '../../src/security/hosts.ts';

type Site = { server: Server; port: number };

/** A server that tells how it sees a request, as oidc-provider would: from `ctx.href`. */
async function start(options: Partial<HostOptions> = {}): Promise<Site> {
  const app = new Koa();
  app.use(
    hostGuard({ publicUrl: 'http://localhost:8080', trustProxy: [], loopbackAliases: true, ...options }),
  );
  app.use((ctx) => {
    ctx.body = {
      path: ctx.path,
      href: ctx.href,
      originalUrl: ctx.originalUrl,
      host: ctx.host,
      secure: ctx.secure,
      ip: ctx.ip,
      tokenEndpoint: new URL('/t/w/oauth2/token', ctx.href).href,
      headers: ctx.headers,
    };
  });
  const handle = app.callback();
  const server = createServer((req, res) => void handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

/** Sends exactly these lines; gives status and body. */
async function send({ port }: Site, requestLine: string, headers: string[]) {
  const socket = connect(port, '127.0.0.1');
  socket.end([requestLine, ...headers, 'Connection: close', '', ''].join('\r\n'));
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    body,
    seen: body.startsWith('{') ? JSON.parse(body) : undefined,
  };
}

const get = (
  site: Site,
  host: string,
  path = '/t/w/.well-known/openid-configuration',
  ...headers: string[]
) => send(site, `GET ${path} HTTP/1.1`, [`Host: ${host}`, ...headers]);

let development: Site;
let production: Site;
let behindProxy: Site;

beforeAll(async () => {
  development = await start();
  production = await start({ publicUrl: 'https://id.example.com', loopbackAliases: false });
  behindProxy = await start({
    publicUrl: 'https://id.example.com',
    loopbackAliases: false,
    trustProxy: ['127.0.0.1'],
  });
});

afterAll(() => {
  for (const site of [development, production, behindProxy]) site.server.close();
});

describe('the address in answers', () => {
  test('is the configured one, whatever forwarding headers say', async () => {
    const plain = await get(production, 'id.example.com');
    expect(plain.seen).toMatchObject({
      href: 'https://id.example.com/t/w/.well-known/openid-configuration',
      host: 'id.example.com',
      secure: true,
      tokenEndpoint: 'https://id.example.com/t/w/oauth2/token',
    });
    const forging = [
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Port: 81',
      'X-Forwarded-Prefix: /evil',
      'Forwarded: host=evil.test;proto=http',
      'X-Original-Host: evil.test',
      'X-Original-URL: /evil',
      'X-Rewrite-URL: /evil',
      'X-Host: evil.test',
    ];
    for (const site of [production, behindProxy]) {
      const forged = await get(site, 'id.example.com', undefined, ...forging);
      expect(forged.body).toBe(plain.body);
    }
  });

  test('is the configured one on any loopback name in development, and on no other port', async () => {
    for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'LOCALHOST:8080']) {
      const { seen } = await get(development, host);
      expect(seen.tokenEndpoint).toBe('http://localhost:8080/t/w/oauth2/token');
    }
    for (const host of [
      'localhost',
      'localhost:8081',
      '127.0.0.1',
      '127.0.0.2:8080',
      'localhost.evil.test:8080',
    ]) {
      expect((await get(development, host)).status).toBe(421);
    }
  });

  test('has no loopback names in production', async () => {
    const local = await start({ loopbackAliases: false });
    expect((await get(local, 'localhost:8080')).status).toBe(200);
    expect((await get(local, '127.0.0.1:8080')).status).toBe(421);
    local.server.close();
  });

  test('may be asked for with its default port written out', async () => {
    expect((await get(production, 'id.example.com:443')).seen.host).toBe('id.example.com');
    expect((await get(production, 'id.example.com:80')).status).toBe(421);
  });
});

describe('a request for another host', () => {
  test('is refused and reaches nothing', async () => {
    for (const host of [
      'evil.test',
      'id.example.com.evil.test',
      'id.example.com.',
      'evil-id.example.com',
      '192.0.2.1',
    ]) {
      const { status, seen } = await get(production, host);
      expect([host, status]).toEqual([host, 421]);
      expect(seen).toBeUndefined();
    }
  });

  test.each([
    'evil.test:80@id.example.com',
    'id.example.com@evil.test',
    'id.example.com/evil',
    'id.example.com, evil.test',
    'id.example.com:x',
    'id.example.com:443:1',
    '',
    'id.example.com evil',
    '[::1',
    'id.example.com#',
    'ïd.example.com',
  ])('written as %j is refused as unreadable', async (host) => {
    expect((await get(production, host)).status).toBe(400);
  });

  test('is refused when two are named, or none', async () => {
    const line = 'GET / HTTP/1.1';
    expect((await send(production, line, ['Host: id.example.com', 'Host: evil.test'])).status).toBe(400);
    expect((await send(production, line, [])).status).toBe(400);
    expect((await send(production, 'GET / HTTP/1.0', [])).status).toBe(400);
  });
});

describe('an absolute-form target', () => {
  const absolute = (target: string) => send(production, `GET ${target} HTTP/1.1`, ['Host: id.example.com']);

  test('for this server is the same as its path', async () => {
    for (const target of ['https://id.example.com/t/w?x=1', 'HTTPS://ID.EXAMPLE.COM:443/t/w?x=1']) {
      expect((await absolute(target)).seen).toMatchObject({
        path: '/t/w',
        href: 'https://id.example.com/t/w?x=1',
      });
    }
    expect((await absolute('https://id.example.com')).seen).toMatchObject({ path: '/', originalUrl: '/' });
    expect((await absolute('https://id.example.com?x=1')).seen).toMatchObject({
      href: 'https://id.example.com/?x=1',
    });
  });

  test.each([
    'http://evil.test/t/w/.well-known/openid-configuration',
    'https://evil.test/livez',
    'https://id.example.com@evil.test/',
    'https://evil.test:443@id.example.com/',
    'https://id.example.com:8443/',
    'https:///t/w',
    'ftp://id.example.com/',
    '*',
  ])('%s is refused', async (target) => {
    expect((await absolute(target)).status).toBe(400);
  });

  test('does not excuse a foreign Host header', async () => {
    expect((await send(production, 'GET https://id.example.com/ HTTP/1.1', ['Host: evil.test'])).status).toBe(
      421,
    );
  });
});

describe('health probes', () => {
  test('are answered on any host, without a forged address in sight', async () => {
    for (const path of ['/livez', '/readyz', '/readyz?verbose=1']) {
      for (const host of ['10.0.0.7:8080', 'evil.test', 'a@b']) {
        const { status, seen } = await get(production, host, path);
        expect(status).toBe(200);
        expect(seen.host).toBe('id.example.com');
      }
    }
    for (const path of ['/livez/x', '/livezz', '//livez', '/t/livez']) {
      expect((await get(production, 'evil.test', path)).status).toBe(421);
    }
  });
});

describe('the rest of a request', () => {
  test('keeps its path as it came', async () => {
    for (const path of ['//evil.test/x', '/a/./b', '/a/../b', '/a%2fb', '/T/W', '/a/', '/%00']) {
      const { status, seen } = await get(production, 'id.example.com', path);
      expect(status).toBe(200);
      expect(seen.path).toBe(path);
      expect(new URL(seen.tokenEndpoint).host).toBe('id.example.com');
    }
  });

  test('comes from the peer, or from whom a trusted proxy names', async () => {
    const header = 'X-Forwarded-For: 198.51.100.1, 203.0.113.9';
    expect((await get(production, 'id.example.com', '/', header)).seen.ip).toBe('127.0.0.1');
    expect((await get(behindProxy, 'id.example.com', '/', header)).seen.ip).toBe('203.0.113.9');
    expect((await get(behindProxy, 'id.example.com', '/', header)).seen.headers).not.toHaveProperty(
      'x-forwarded-for',
    );
  });
});
