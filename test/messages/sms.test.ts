import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server as HttpServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSmsWebhook } from '../../src/messages/channels/sms_webhook.ts';
import { createTwilio } from '../../src/messages/channels/twilio.ts';
import type { ChannelDriver } from '../../src/messages/channels/channel.ts';
import { createOutboundFetch } from '../../src/security/outbound.ts';
import { eventually } from '../support/mailbox.ts';
import { aMessage, enqueue, letTimePass, rowWhen } from '../support/outbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

type Received = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };

const SECRET = 'a secret that the gateway knows as well';
const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const NUMBER = '+4915112345678';

const received: Received[] = [];
/** How the gateway answers next: a status, or silence. Then 202 again. */
const script: (number | 'hang')[] = [];
let gateway: HttpServer;
let gatewayUrl: string;
let server: TestServer;

beforeAll(async () => {
  gateway = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      received.push({ path: req.url ?? '', headers: req.headers, body: Buffer.concat(chunks).toString() });
      const answer = script.shift() ?? 202;
      if (answer !== 'hang') res.writeHead(answer, { location: 'http://127.0.0.1:1/' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const address = gateway.address();
  gatewayUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  server = await startTestServer({
    SMS_DRIVER: 'webhook',
    SMS_WEBHOOK_URL: `${gatewayUrl}/messages`,
    SMS_WEBHOOK_SECRET: SECRET,
  });
});

afterAll(async () => {
  await server.stop();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
});

describe('a text', () => {
  it('goes to the gateway once, signed, and ends with the line that fills in its code', async () => {
    received.length = 0;
    const message = aMessage(NUMBER, {
      template: 'otp',
      values: { code: '306725' },
      purpose: 'authentication',
    });
    const [id = ''] = await enqueue(server, [{ ...message, workspaceId: 'demo' }]);
    const row = await rowWhen(server, id, ({ status }) => status === 'sent');
    expect(row).toMatchObject({ delivered_by: 'webhook', sealed_values: null, attempts: 1 });

    const [{ headers, body }] = received as [Received];
    expect(JSON.parse(body)).toEqual({
      id,
      to: NUMBER,
      text: 'Demo: your code is 306725\n\n@localhost #306725',
    });
    expect(headers['idempotency-key']).toBe(id);
    const [, seconds = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['weir-signature'])) ?? [];
    expect(mac).toBe(createHmac('sha256', SECRET).update(`${seconds}.${body}`).digest('hex'));
    expect(Math.abs(Date.now() / 1000 - Number(seconds))).toBeLessThan(60);
  });

  it('is tried again under the same key when the gateway is not well, and given up when it says no', async () => {
    received.length = 0;
    script.push(503, 202);
    const [again = ''] = await enqueue(server, [aMessage(NUMBER)]);
    await rowWhen(server, again, ({ last_error }) => last_error === 'http_503');
    await letTimePass(server, again);
    await rowWhen(server, again, ({ status }) => status === 'sent');
    expect(received.map(({ headers }) => headers['idempotency-key'])).toEqual([again, again]);

    script.push(400);
    const [never = ''] = await enqueue(server, [aMessage(NUMBER)]);
    const row = await rowWhen(server, never, ({ status }) => status !== 'queued');
    expect(row).toMatchObject({ status: 'failed', last_error: 'http_400', sealed_values: null });
  });

  it('leaves mails where the mailbox of a development server shows them', async () => {
    const [id = ''] = await enqueue(server, [aMessage('mara@tidewater.test')]);
    const row = await rowWhen(server, id, ({ status }) => status === 'sent');
    expect(row.delivered_by).toBe('mailbox');
    const seen = await eventually(async () => {
      const answer = await fetch(`${server.publicUrl}/dev/mailbox.json?to=mara@tidewater.test`);
      const { messages } = (await answer.json()) as { messages: { id: string; code: string }[] };
      return messages.find((message) => message.id === id);
    });
    expect(seen.code).toBe('482913');
  });
});

const drivers: [string, (timeoutMs: number) => ChannelDriver][] = [
  [
    'webhook',
    (timeoutMs) => createSmsWebhook({ url: `${gatewayUrl}/messages`, secret: SECRET, fetch: to(timeoutMs) }),
  ],
  [
    'twilio',
    (timeoutMs) =>
      createTwilio({
        apiUrl: gatewayUrl,
        accountSid: SID,
        authToken: 'a token of the account',
        from: '+15550001111',
        fetch: to(timeoutMs),
      }),
  ],
];
const to = (timeoutMs: number) => createOutboundFetch({ allowHosts: ['127.0.0.1'], timeoutMs });
const parcel = { id: 'm-1', to: NUMBER, createdAt: new Date(), channel: 'sms', text: 'hello' } as const;
const signal = new AbortController().signal;

describe.each(drivers)('the driver %s', (name, create) => {
  it.each([
    [200, { ok: true, by: name }],
    [201, { ok: true, by: name }],
    [302, { ok: false, permanent: false, error: 'http_302' }],
    [400, { ok: false, permanent: true, error: 'http_400' }],
    [401, { ok: false, permanent: false, error: 'http_401' }],
    [404, { ok: false, permanent: true, error: 'http_404' }],
    [429, { ok: false, permanent: false, error: 'http_429' }],
    [500, { ok: false, permanent: false, error: 'http_500' }],
  ])('understands %i', async (status, outcome) => {
    script.push(status);
    expect(await create(5_000).send(parcel, signal)).toEqual(outcome);
  });

  it('does not wait for ever', async () => {
    script.push('hang');
    const outcome = await create(150).send(parcel, signal);
    expect(outcome).toEqual({ ok: false, permanent: false, error: 'timeout', slow: true });
  });
});

it('Twilio gets the account, the sender and the text', async () => {
  received.length = 0;
  await (drivers[1] as (typeof drivers)[0])[1](5_000).send(parcel, signal);
  const [{ path, headers, body }] = received as [Received];
  expect(path).toBe(`/2010-04-01/Accounts/${SID}/Messages.json`);
  expect(Buffer.from(String(headers.authorization).slice(6), 'base64').toString()).toBe(
    `${SID}:a token of the account`,
  );
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    To: NUMBER,
    From: '+15550001111',
    Body: 'hello',
  });
});
