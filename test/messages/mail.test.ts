import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inTransaction } from '../../src/db/transaction.ts';
import { enqueueMessage } from '../../src/messages/enqueue.ts';
import { createSmtp } from '../../src/messages/channels/smtp.ts';
import { createSealer } from '../../src/security/seal.ts';
import { eventually, latestMessage } from '../support/mailbox.ts';
import {
  aMessage,
  CODE,
  codeFor,
  DEMO_POOL,
  enqueue,
  letTimePass,
  LINK,
  otpEvents,
} from '../support/outbox.ts';
import { rowWhen } from '../support/outbox.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { startSmtpSink, type Answer, type SmtpSink } from '../support/smtp_sink.ts';

let sink: SmtpSink;
let server: TestServer;
const script = new Map<string, (attempt: number) => Answer>();

beforeAll(async () => {
  sink = await startSmtpSink((recipient, attempt) => {
    if (recipient.endsWith('@slow.test')) return { slowMs: 150 };
    return script.get(recipient)?.(attempt) ?? 250;
  });
  server = await startTestServer({ SMTP_URL: sink.url, MAIL_FROM: 'Weir <id@mail.example.test>' });
});

afterAll(async () => {
  await server.stop();
  await sink.close();
});

const mailsTo = (to: string) => sink.mails.filter(({ recipients }) => recipients.includes(to));
const mailTo = (to: string) => eventually(async () => mailsTo(to)[0]);
const rename = (workspace: string, name: string) =>
  server.db.knex('workspaces').where({ tenant_id: 'default', workspace_id: workspace }).update({ name });

describe('a mail', () => {
  it('leaves with code and link together, and the table forgets both', async () => {
    const to = 'mara.linde@tidewater.test';
    const [id = ''] = await enqueue(server, [aMessage(to, { workspaceId: 'demo' })]);
    const mail = await mailTo(to);
    expect(mail.recipients).toEqual([to]);
    expect(mail.from).toBe('id@mail.example.test');
    expect(mail.headers.get('to')).toBe(to);
    expect(mail.headers.get('message-id')).toBe(`<${id}@mail.example.test>`);
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.headers.get('subject')).toBe('Choose a new password for Demo');
    for (const part of [mail.text, mail.html]) {
      expect(part).toContain(CODE);
      expect(part).toContain(LINK);
    }
    // Nothing that a mail program would fetch: no tracking.
    expect(mail.html).not.toMatch(/<img|<script|<link|src=|url\(/i);

    const row = await rowWhen(server, id, ({ status }) => status === 'sent');
    expect(row).toMatchObject({ sealed_values: null, delivered_by: 'smtp', attempts: 1, lease: null });
    expect(await otpEvents(server, codeFor(to))).toEqual([
      {
        action: 'sent',
        payload: { otp_id: codeFor(to), type: 'email', address: to, purpose: 'reset_password' },
      },
    ]);
  });

  it('is never sent when the transaction is rolled back', async () => {
    const to = 'nobody@rolled-back.test';
    const sealer = createSealer(server.config.masterKeys);
    const change = inTransaction(server.db, async (tx) => {
      await enqueueMessage(tx, sealer, DEMO_POOL, aMessage(to));
      throw new Error('the change fails');
    });
    await expect(change).rejects.toThrow('the change fails');
    await enqueue(server, [aMessage('next@rolled-back.test')]);
    await mailTo('next@rolled-back.test');
    expect(sink.attempts.has(to)).toBe(false);
    await expect(latestMessage(server, to)).rejects.toThrow('nothing was sent');
  });

  it('is sealed while it waits', async () => {
    const to = 'waiting@tidewater.test';
    script.set(to, () => 451);
    const [id = ''] = await enqueue(server, [aMessage(to)]);
    const row = await rowWhen(server, id, ({ last_error }) => last_error !== null);
    expect(row).toMatchObject({ status: 'queued', attempts: 1, last_error: 'smtp_451', lease: null });
    expect(row.next_attempt_at.getTime()).toBeGreaterThan(Date.now());
    expect(JSON.stringify(row)).not.toContain(CODE);
    expect(row.sealed_values).toMatch(/^v1\.test\./);
    expect((await latestMessage(server, to)).code).toBe(CODE);
    expect(await otpEvents(server, codeFor(to))).toEqual([]);
  });

  it('is tried again under the same Message-ID after a 4xx, or a connection lost when all was said', async () => {
    const later = 'later@tidewater.test';
    const lost = 'lost@tidewater.test';
    script.set(later, (attempt) => (attempt === 1 ? 421 : 250));
    script.set(lost, (attempt) => (attempt === 1 ? 'reset_after_data' : 250));
    const ids = await enqueue(server, [aMessage(later), aMessage(lost)]);
    for (const id of ids) {
      await rowWhen(server, id, ({ last_error }) => last_error !== null);
      await letTimePass(server, id);
      expect(await rowWhen(server, id, ({ status }) => status === 'sent')).toMatchObject({ attempts: 2 });
    }
    expect(mailsTo(later)).toHaveLength(1);
    // Taken twice, because nobody could know: at least once, and recognisable.
    expect(mailsTo(lost).map((mail) => mail.headers.get('message-id'))).toEqual([
      `<${ids[1]}@mail.example.test>`,
      `<${ids[1]}@mail.example.test>`,
    ]);
  });

  it('is given up for good after a 5xx, which the audit trail names', async () => {
    const to = 'gone@tidewater.test';
    script.set(to, () => 550);
    const [id = ''] = await enqueue(server, [aMessage(to)]);
    const row = await rowWhen(server, id, ({ status }) => status === 'failed');
    expect(row).toMatchObject({ sealed_values: null, last_error: 'smtp_550', attempts: 1 });
    expect(sink.attempts.get(to)).toBe(1);
    const events = await otpEvents(server, codeFor(to));
    expect(events).toMatchObject([{ action: 'not_sent', payload: { failure_reason: 'smtp_550' } }]);
    expect(JSON.stringify(events)).not.toContain(CODE);
  });

  it('with a dead code is not sent', async () => {
    const to = 'late@tidewater.test';
    const [id = ''] = await enqueue(server, [aMessage(to, { expiresAt: new Date(Date.now() - 1_000) })]);
    expect(await rowWhen(server, id, ({ status }) => status !== 'queued')).toMatchObject({
      status: 'expired',
      sealed_values: null,
    });
    expect(sink.attempts.has(to)).toBe(false);
    expect(await otpEvents(server, codeFor(to))).toMatchObject([{ action: 'not_sent' }]);
  });

  it('with a code that was used or superseded is not sent either', async () => {
    const to = 'used@tidewater.test';
    script.set(to, () => 451);
    const [id = ''] = await enqueue(server, [aMessage(to)]);
    await rowWhen(server, id, ({ last_error }) => last_error !== null);
    await server.db
      .knex('codes')
      .where({ code_id: codeFor(to) })
      .del();
    await letTimePass(server, id);
    expect(await rowWhen(server, id, ({ status }) => status !== 'queued')).toMatchObject({
      status: 'expired',
      last_error: 'code_ended',
      sealed_values: null,
    });
    expect(sink.attempts.get(to)).toBe(1);
  });

  it('to a slow domain holds up nobody else, and takes few places', async () => {
    const slow = Array.from({ length: 20 }, (_, index) => `p${index}@slow.test`);
    const quick = Array.from({ length: 10 }, (_, index) => `p${index}@quick.test`);
    await enqueue(
      server,
      [...slow, ...quick].map((to) => aMessage(to)),
    );
    await Promise.all(quick.map(mailTo));
    const slowBefore = slow.filter((to) => mailsTo(to).length > 0).length;
    expect(slowBefore).toBeLessThan(slow.length / 2);
    await Promise.all(slow.map(mailTo));
    expect(sink.mostAtOnce.get('slow.test')).toBeLessThanOrEqual(5);
    for (const to of [...slow, ...quick]) expect(mailsTo(to)).toHaveLength(1);
  });

  it('runs out of patience with a silent server, and says so', async () => {
    script.set('silent@tidewater.test', () => 'hang');
    const driver = createSmtp({ url: sink.url, from: 'id@mail.example.test', timeoutMs: 200 });
    const mail = { subject: 's', text: 't', html: '<p>t</p>', locale: 'en' };
    const parcel = { id: 'x', createdAt: new Date(), channel: 'email', mail } as const;
    const signal = new AbortController().signal;
    expect(await driver.send({ ...parcel, to: 'silent@tidewater.test' }, signal)).toEqual({
      ok: false,
      permanent: false,
      error: 'timeout',
      slow: true,
    });
    driver.close();
    const nobody = createSmtp({ url: 'smtp://127.0.0.1:1', from: 'id@mail.example.test' });
    expect(await nobody.send({ ...parcel, to: 'a@b.test' }, signal)).toMatchObject({
      ok: false,
      permanent: false,
    });
    nobody.close();
  });
});

describe('names and addresses from outside', () => {
  it('begin no header of their own', async () => {
    const to = 'header@tidewater.test';
    await rename('demo', 'Demo\r\nBcc: evil@evil.test\r\n\r\n<b>hello</b>');
    await enqueue(server, [aMessage(to, { workspaceId: 'demo' })]);
    const mail = await mailTo(to);
    expect(mail.recipients).toEqual([to]);
    expect([...mail.headers.keys()]).not.toContain('bcc');
    expect(mail.headers.get('subject')).toBe(
      'Choose a new password for Demo Bcc: evil@evil.test <b>hello</b>',
    );
    await rename('demo', 'Demo');
  });

  it('stay text in HTML, short, and no links', async () => {
    const to = 'markup@tidewater.test';
    await rename('demo', `<a href=//evil.test>Win</a> https://evil.test ${'x'.repeat(500)}`);
    await enqueue(server, [aMessage(to, { workspaceId: 'demo' })]);
    const mail = await mailTo(to);
    expect(mail.html).not.toMatch(/<a href=\/\//);
    expect(mail.html).toContain('&lt;a href=//evil.test&gt;Win');
    expect(mail.text).not.toContain('https://evil.test');
    expect((mail.headers.get('subject') ?? '').length).toBeLessThan(120);
    await rename('demo', 'Demo');
  });

  it('are one address or none', async () => {
    const ids = await enqueue(
      server,
      [
        'a@tidewater.test,b@evil.test',
        'a@b@tidewater.test',
        '"a@evil.test x"@tidewater.test',
        '<a@tidewater.test>',
        'a@tidewater.test\r\nRCPT TO:<b@evil.test>',
        `${'('.repeat(10_000)}a@tidewater.test`,
      ].map((to) => aMessage(to)),
    );
    for (const id of ids) {
      const row = await rowWhen(server, id, ({ status }) => status !== 'queued');
      expect(row).toMatchObject({ status: 'failed', last_error: 'bad_address', sealed_values: null });
    }
    expect([...sink.attempts.keys()].filter((named) => named.includes('evil'))).toEqual([]);
  });
});

describe('the language', () => {
  it('is the person’s, else the message’s, else English', async () => {
    const { elsewhere: domain } = server;
    const person = await domain.users.create(
      { tenantId: 'default', poolId: 'demo-users' },
      { status: 'new', identifiers: [], verifiableAddresses: [], payload: {} } as never,
      { kind: 'system' },
    );
    await server.db
      .knex('users')
      .where({ user_id: person.id })
      .update({ payload: { locale: 'de-AT' } });
    const scope = { ...DEMO_POOL, userId: person.id };
    await enqueue(server, [aMessage('german@tidewater.test')], scope);
    await enqueue(server, [aMessage('arabic@tidewater.test', { locale: 'ar' })], scope);
    expect((await mailTo('german@tidewater.test')).headers.get('subject')).toMatch(/^Neues Passwort/);
    const arabic = await mailTo('arabic@tidewater.test');
    expect(arabic.html).toContain('lang="ar" dir="rtl"');
    expect(arabic.headers.get('content-language')).toBe('ar');
  });
});

it('nothing that has ended can be read in the table any more', async () => {
  const ended = await server.db.knex('outbox').whereNot({ status: 'queued' }).select('sealed_values');
  expect(ended.length).toBeGreaterThan(30);
  expect(ended.filter((row: { sealed_values: unknown }) => row.sealed_values !== null)).toEqual([]);
});
