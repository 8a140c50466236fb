import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config.ts';
import { createChannels } from '../../src/messages/channels/index.ts';
import { createServer } from '../../src/server.ts';
import { createHealth } from '../../src/observability/health.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { createHttpServer, drainHttpServer, listen } from '../../src/http_server.ts';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { Browser } from '../support/browser_without_javascript.ts';
import { messagesTo } from '../support/mailbox.ts';
import { aMessage, CODE, DEMO_POOL, enqueue, LINK, rowWhen } from '../support/outbox.ts';

const USERS = '/api/identity/default/admin/pools/demo-users/users';
const TO = 'nour@tidewater.test';

let server: ApiServer;
let admin: ApiClient;
let userId: string;

beforeAll(async () => {
  server = await startApiServer();
  admin = server.api('default');
  const { body } = await admin.post(USERS, { status: 'new', identifiers: [], payload: {} });
  userId = body.user_id ?? body.id;
});

afterAll(() => server.stop());

describe('the messages of a person', () => {
  it('are listed newest first, without what they said', async () => {
    const scope = { ...DEMO_POOL, userId };
    const [first = ''] = await enqueue(server, [aMessage(TO)], scope);
    const [second = ''] = await enqueue(server, [aMessage('+4915112345678', { template: 'otp' })], scope);
    await rowWhen(server, second, ({ status }) => status === 'sent');
    await rowWhen(server, first, ({ status }) => status === 'sent');

    const { status, body } = await admin.get(`${USERS}/${userId}/messages`);
    expect(status).toBe(200);
    expect(body.messages).toMatchObject([
      { id: second, channel: 'sms', template: 'otp', address: '•••• 78', status: 'sent', attempts: 1 },
      { id: first, channel: 'email', address: 'n•••@tidewater.test', status: 'sent' },
    ]);
    const said = JSON.stringify(body);
    for (const secret of [CODE, LINK, TO, 'v1.test.']) expect(said).not.toContain(secret);

    const older = await admin.get(`${USERS}/${userId}/messages?limit=1&after_message_id=${second}`);
    expect(older.body.messages.map(({ id }: { id: string }) => id)).toEqual([first]);
    const newer = await admin.get(`${USERS}/${userId}/messages?limit=1&before_message_id=${first}`);
    expect(newer.body.messages.map(({ id }: { id: string }) => id)).toEqual([second]);
  });

  it('are nobody’s who does not exist, or lives elsewhere', async () => {
    expect((await admin.get(`${USERS}/nobody/messages`)).status).toBe(404);
    const elsewhere = `/api/identity/default/admin/pools/administrators/users/${userId}/messages`;
    expect((await admin.get(elsewhere)).status).toBe(404);
    const { body } = await admin.get(`${USERS}/${userId}/messages?after_message_id=no-such-message`);
    expect(body.messages).toEqual([]);
  });

  it('are gone with the person, and not sent any more', async () => {
    const { body } = await admin.post(USERS, { status: 'new', identifiers: [], payload: {} });
    const leaving = { ...DEMO_POOL, userId: (body.user_id ?? body.id) as string };
    await enqueue(server, [aMessage('leaving@tidewater.test')], leaving);
    expect((await admin.delete(`${USERS}/${leaving.userId}`)).status).toBe(204);
    expect(await messagesTo(server, 'leaving@tidewater.test')).toEqual([]);
  });
});

describe('the mailbox of a development server', () => {
  it('shows code, link and the mail as it is', async () => {
    const [id = ''] = await enqueue(server, [aMessage('page@tidewater.test', { workspaceId: 'demo' })]);
    const browser = new Browser();
    await browser.open(`${server.url}/dev/mailbox?to=page@tidewater.test`);
    expect(browser.document.query(`#message-${id}`)).toBeDefined();
    expect(browser.page.body).toContain(CODE);
    expect(browser.page.body).toContain(LINK.replaceAll('&', '&amp;'));

    const mail = await fetch(`${server.url}/dev/mailbox/${id}`);
    expect(mail.headers.get('content-security-policy')).toContain('sandbox');
    expect(await mail.text()).toContain('Choose a new password');
    expect((await fetch(`${server.url}/dev/mailbox/nothing`)).status).toBe(404);
  });

  it('is not there for callers from elsewhere, nor for other methods', async () => {
    const behind = await composed({ trustProxy: ['127.0.0.1'] });
    expect(await behind.get('/dev/mailbox.json', {})).toBe(200);
    expect(await behind.get('/dev/mailbox.json', { 'x-forwarded-for': '192.0.2.7' })).toBe(404);
    expect(await behind.get('/dev/mailbox', { 'x-forwarded-for': '192.0.2.7' })).toBe(404);
    await behind.close();
    // A tunnel that nobody configured.
    const tunnelled = await fetch(`${server.url}/dev/mailbox`, {
      headers: { 'x-forwarded-for': '127.0.0.1' },
    });
    expect(tunnelled.status).toBe(404);
    const posted = await fetch(`${server.url}/dev/mailbox.json`, { method: 'POST' });
    expect(posted.status).toBe(404);
  });

  it('is not there in production, where the start warns of channels that lead nowhere', async () => {
    const production = await composed({ env: 'production' });
    expect(await production.get('/dev/mailbox', {})).toBe(404);
    expect(await production.get('/dev/mailbox.json', {})).toBe(404);
    await production.close();
    expect(production.log()).toMatch(/SMTP_URL is not set: no mail can be sent/);
    expect(production.log()).toMatch(/SMS_DRIVER is not set: no text can be sent/);
    // What nobody takes is kept for another attempt: a transport may come in time.
    const channels = createChannels({ config: { ...server.config, env: 'production' }, log: () => {} });
    const parcel = { id: 'x', to: TO, createdAt: new Date(), channel: 'sms', text: 'hello' } as const;
    const outcome = { ok: false, permanent: false, error: 'no_transport' };
    expect(await channels.sms.send(parcel, new AbortController().signal)).toEqual(outcome);
  });
});

/** The same database behind a server with another configuration. */
async function composed(over: Partial<Config>) {
  const { db } = server;
  const config: Config = { ...server.config, ...over };
  const lines: string[] = [];
  const composedServer = await createServer({
    config,
    secrets: { masterKeys: config.masterKeys, cookieKeys: config.cookieKeys },
    db,
    logger: createLogger({
      level: 'warn',
      destination: { write: (line: string) => lines.push(line) },
    }),
    health: createHealth(db),
  });
  const http = createHttpServer(composedServer.callback());
  const port = await listen(http, 0, '127.0.0.1');
  return {
    log: () => lines.join(''),
    get: (path: string, headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const { host } = new URL(config.publicUrl);
        const asked = request({ host: '127.0.0.1', port, path, headers: { host, ...headers } }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        asked.on('error', reject).end();
      }),
    async close() {
      await drainHttpServer(http, 1_000);
      await composedServer.close();
    },
  };
}
