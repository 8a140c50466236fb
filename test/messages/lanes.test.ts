import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOwnSmtp } from '../../src/messages/channels/own_smtp.ts';
import { Destinations, OPERATORS, TENANTS } from '../../src/messages/destinations.ts';

const sockets = new Set<Socket>();
const said: string[] = [];
/** What it says to STARTTLS; after a 220 it goes on as if nothing had been agreed. */
let startTls = '502 no TLS here';
let server: Server;
let port = 0;

/** A mail server that would take anything, password included, in the clear. */
beforeAll(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.write('220 plain.test ESMTP\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      said.push(chunk.toString());
      const reply = chunk.toString().startsWith('EHLO') ? '250-plain.test\r\n250 AUTH PLAIN' : startTls;
      socket.write(`${reply}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const attempt = (given: { allowed: boolean; requireTls: boolean }) =>
  createOwnSmtp({
    host: '127.0.0.1',
    port,
    username: 'harbour',
    password: 'the password',
    auth: 'plain',
    from: 'id@harbour.test',
    ...given,
  }).send(
    {
      id: 'm1',
      to: 'ann@people.test',
      createdAt: new Date(),
      channel: 'email',
      mail: { subject: 's', text: 't', html: '<p>t</p>', locale: 'en' },
    },
    new AbortController().signal,
  );

it('a tenant’s mail server in a private network is not even connected to', async () => {
  expect(await attempt({ allowed: false, requireTls: false })).toEqual({
    ok: false,
    permanent: false,
    error: 'connection',
  });
  expect(sockets.size).toBe(0);
});

it('a mail server without TLS hears neither the password nor the mail', async () => {
  expect(await attempt({ allowed: true, requireTls: true })).toEqual({
    ok: false,
    permanent: false,
    error: 'smtp_tls',
  });
  startTls = '220 go on';
  expect(await attempt({ allowed: true, requireTls: true })).toMatchObject({ error: 'smtp_tls' });
  expect(said.join('')).toMatch(/STARTTLS/);
  expect(said.join('')).not.toMatch(/AUTH|MAIL FROM|ann@/);
  // What failed keeps no connection.
  await expect.poll(() => [...sockets].every(({ closed }) => closed)).toBe(true);
});

it('silent destinations share what is set aside for them and take turns; all others have their own room', () => {
  const destinations = new Destinations(TENANTS);
  const silent = Array.from({ length: 40 }, (_, index) => `silent${index}`);
  for (const name of silent) {
    destinations.begin(name);
    destinations.end(name, { slow: true });
  }
  const first = destinations.room();
  const chosen = silent.filter((name) => first.left[name] === 1);
  expect(chosen).toEqual(silent.slice(0, TENANTS.slow));
  for (const name of chosen) destinations.begin(name);
  expect(Object.values(destinations.room().left)).toEqual(silent.map(() => 0));
  expect(destinations.room()).toMatchObject({ total: TENANTS.most - TENANTS.slow, each: TENANTS.each });

  // One gives up, and the next of those that wait has its turn; one answers, and has all of its room again.
  destinations.end('silent0', { slow: true });
  expect(destinations.room().left).toMatchObject({ silent0: 0, silent16: 1, silent17: 0 });
  destinations.end('silent1', { slow: false });
  expect(destinations.room().left).not.toHaveProperty('silent1');
  expect(OPERATORS.slow).toBe(OPERATORS.most);
});
