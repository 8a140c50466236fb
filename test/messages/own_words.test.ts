import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiClient, startApiServer, type ApiServer } from '../support/api_server.ts';
import { eventually } from '../support/mailbox.ts';
import { startSmtpSink, type SmtpSink } from '../support/smtp_sink.ts';

const tenantId = 'default';
const TEMPLATES = `/api/admin/${tenantId}/message-templates`;
const ADMIN = `/api/identity/${tenantId}/admin`;
const USERS = `${ADMIN}/pools/readers/users`;

let sink: SmtpSink;
let server: ApiServer;
let api: ApiClient;

beforeAll(async () => {
  sink = await startSmtpSink();
  server = await startApiServer({ SMTP_URL: sink.url, MAIL_FROM: 'Weir <id@mail.example.test>' });
  api = server.api(tenantId);
  // Whose language is known.
  await api.post(`${ADMIN}/schemas`, {
    id: 'reader',
    name: 'Reader',
    schema: { type: 'object', properties: { locale: { type: 'string' } } },
  });
  await api.post(`${ADMIN}/pools`, { id: 'readers', name: 'Readers', payload_schema_id: 'reader' });
  await api.post(`/api/admin/${tenantId}/servers/demo/idps/identity_pool`, {
    name: 'Readers',
    identity_pool_id: 'readers',
  });
});
afterAll(async () => {
  await server.stop();
  await sink.close();
});

/** Invites somebody, and gives the mail that reaches them. */
async function invite(name: string, locale?: string) {
  const address = `${name}@words.test`;
  const { status, body } = await api.post(USERS, {
    status: 'new',
    payload: locale === undefined ? {} : { locale },
    verifiable_addresses: [{ type: 'email', address }],
  });
  expect(status, JSON.stringify(body)).toBe(201);
  const sent = await api.post(`${USERS}/${body.id}/activation/send?server_id=demo`, { address });
  expect(sent.status, JSON.stringify(sent.body)).toBeLessThan(300);
  return eventually(async () => sink.mails.find(({ recipients }) => recipients.includes(address)));
}

const GERMAN = {
  subject: 'Willkommen bei {{Product.Name}}',
  text: [
    'Schön, dass du da bist',
    'Wähle jetzt, wie du dich anmeldest. <b>Bis {{OTP.Validity}}</b> & nicht länger.',
    'Los gehts:\n{{OTP.Link}}',
    'Oder gib diesen Code ein:\n{{OTP.Code}}',
  ].join('\n\n'),
};

describe('a message in a tenant’s own words', () => {
  it('reaches people in their language, from the next one on, and is ours again when it is deleted', async () => {
    const path = `${TEMPLATES}/activate/email/de`;
    expect((await api.get(path)).status).toBe(404);
    const put = await api.put(path, GERMAN);
    expect(put.status, JSON.stringify(put.body)).toBe(200);
    expect(put.body).toMatchObject({ ...GERMAN, message: 'activate', locale: 'de', is_built_in: false });

    const mail = await invite('jana', 'de');
    expect(mail.headers.get('subject')).toBe('Willkommen bei Demo');
    const [, link = ''] = /Los gehts:\n(http\S+)/.exec(mail.text.replaceAll('\r\n', '\n')) ?? [];
    expect(link).toContain(`${server.url}/default/identity/readers/activate`);
    expect(mail.text).toMatch(/^Schön, dass du da bist\r?\n/);
    expect(mail.text).toContain('<b>Bis 24 Stunden</b> & nicht länger.');
    // In HTML, markup is text, the link is a button and the code stands out.
    expect(mail.html).toContain('&lt;b&gt;Bis 24 Stunden&lt;/b&gt; &amp; nicht länger.');
    expect(mail.html).toMatch(/<a class="btn" href="http[^"]*"[^>]*>Los gehts<\/a>/);
    const [, code = ''] = /Oder gib diesen Code ein:\n(\S+)/.exec(mail.text.replaceAll('\r\n', '\n')) ?? [];
    expect(mail.html).toMatch(new RegExp(`<p class="well"[^>]*>${code}</p>`));
    expect(mail.html).toContain('lang="de"');

    // Other languages are said in ours.
    const english = await invite('jane');
    expect(english.headers.get('subject')).toBe('Activate your account at Demo');

    const { etag } = await api.get(path);
    expect((await api.delete(path, { 'if-match': '"0"' })).status).toBe(412);
    expect((await api.delete(path, { 'if-match': etag })).status).toBe(204);
    expect((await invite('jost', 'de')).headers.get('subject')).not.toContain('Willkommen');
  });

  it('leaves out a paragraph whose variable has no value, and is said in ours where nothing would be left to do', async () => {
    const preview = async (text: string) =>
      (await api.post(`${TEMPLATES}/otp/sms/en/preview`, { text, values: { code: '111222' } })).body.text;
    expect(await preview('Go to {{OTP.Link}}\nYour code: {{OTP.Code}}')).toContain('Your code: 111222');
    // An invitation by code alone carries no link.
    await api.put(`${TEMPLATES}/activate/email/en`, { subject: 'Hi', text: 'Hello\n\n{{OTP.Link}}' });
    const address = 'codeonly@words.test';
    const { body } = await api.post(USERS, {
      status: 'new',
      verifiable_addresses: [{ type: 'email', address }],
    });
    await api.post(`${USERS}/${body.id}/activation/send?code_type_in_message=code`, { address });
    const mail = await eventually(async () => sink.mails.find((one) => one.recipients.includes(address)));
    expect(mail.headers.get('subject')).toMatch(/^Activate your account at /);
    expect(mail.text).toMatch(/Your code:\r?\n\d+/);
    await api.delete(`${TEMPLATES}/activate/email/en`);
  });

  it('is shown before it holds, as it would be sent, and nothing is sent', async () => {
    const before = await server.db.knex('outbox').count<{ count: string }[]>();
    const shown = await api.post(`${TEMPLATES}/activate/email/de/preview`, {
      ...GERMAN,
      values: { product: 'Hafen', code: 'K-1', link: 'https://hafen.test/x' },
    });
    expect(shown.status).toBe(200);
    expect(shown.body.subject).toBe('Willkommen bei Hafen');
    expect(shown.body.text).toContain('Los gehts:\nhttps://hafen.test/x');
    expect(shown.body.html).toContain('href="https://hafen.test/x"');
    const text = await api.post(`${TEMPLATES}/otp/sms/de/preview`, { text: 'Code {{OTP.Code}}' });
    // The line that fills in the code on our origin only is not for anybody to leave out.
    expect(text.body).toEqual({ subject: '', text: 'Code 482913\n\n@localhost #482913', html: '' });
    expect(await server.db.knex('outbox').count()).toEqual(before);
    expect((await api.get(`${TEMPLATES}/activate/email/de`)).status).toBe(404);
  });

  it('is shown at once, however many spaces the values bring', async () => {
    // An expression that tries every one of n spaces as a beginning needs n² steps: 40 seconds for these.
    const text = `Hi\n\n${'{{OTP.Code}}'.repeat(380)}.\n{{OTP.Link}}`;
    const asked = api.post(`${TEMPLATES}/otp/email/en/preview`, {
      subject: 'x',
      text,
      values: { code: ' '.repeat(500) },
    });
    expect((await asked).status).toBe(200);
  });

  it('is shown with no link but one of the web', async () => {
    const values = { link: 'javascript:alert(1)' };
    const { status, body } = await api.post(`${TEMPLATES}/otp/email/en/preview`, { values });
    expect(status).toBe(422);
    expect(body.details).toMatchObject([{ pointer: '/values/link' }]);
  });

  it('keeps what ends a sentence or stands around a code or a link', async () => {
    for (const text of [
      'Code: {{OTP.Code}}.',
      '代码：{{OTP.Code}}。',
      '({{OTP.Link}}), or <{{OTP.Link}}>',
      '„{{OTP.Code}}“!',
    ])
      expect((await api.post(`${TEMPLATES}/otp/email/en/preview`, { subject: 'x', text })).status, text).toBe(
        200,
      );
  });

  it.each([
    [
      'a variable that there is not',
      { subject: 'x', text: '{{OTP.Code}} {{User.Name}}' },
      '/text',
      'User.Name',
    ],
    [
      'a variable over two lines',
      { subject: 'x', text: '{{OTP.Code}} {{Product.Name\n}}' },
      '/text',
      'no variable',
    ],
    ['one of another message', { subject: 'x', text: '{{OTP.Code}} {{Address}}' }, '/text', 'Address'],
    ['logic', { subject: 'x', text: '{{#if OTP.Code}}{{OTP.Code}}{{/if}}' }, '/text', 'no variable'],
    [
      'neither code nor link',
      { subject: 'x', text: 'Hello' },
      '/text',
      'must have {{OTP.Code}} or {{OTP.Link}}',
    ],
    [
      'a subject of two lines',
      { subject: 'x\r\nBcc: a@b.test', text: '{{OTP.Code}}' },
      '/subject',
      'one line',
    ],
    ['no subject', { text: '{{OTP.Code}}' }, '/subject', 'must not be empty'],
    ['the link in the subject', { subject: '{{OTP.Link}}', text: '{{OTP.Code}}' }, '/subject', 'the link'],
    ['an escape', { subject: 'x', text: 'a\u001b{{OTP.Code}}' }, '/text', 'control characters'],
    [
      'an address that would be told the code',
      { subject: 'x', text: 'https://evil.example/?c={{OTP.Code}}' },
      '/text',
      'no part of an address',
    ],
    [
      'a host named after the code',
      { subject: 'x', text: 'Go to {{ OTP.Code }}.evil.example' },
      '/text',
      'no part of an address',
    ],
    [
      'a link that leads to a link',
      { subject: 'x', text: 'evil.example?to={{OTP.Link}} {{OTP.Code}}' },
      '/text',
      'no part of an address',
    ],
    [
      'a line that browsers fill in elsewhere',
      { subject: 'x', text: '@evil.example #{{OTP.Code}}' },
      '/text',
      'no part of an address',
    ],
    ['words that run backwards', { subject: '\u202ex', text: '{{OTP.Code}}' }, '/subject', 'direction'],
    ['an endless text', { subject: 'x', text: `{{OTP.Code}}${'x'.repeat(6_000)}` }, '/text', 'at most 5000'],
  ])('is refused with %s', async (_, body, pointer, says) => {
    const { status, body: problem } = await api.put(`${TEMPLATES}/otp/email/en`, body);
    expect(status).toBe(422);
    const reasons = problem.details as { pointer: string; message: string }[];
    expect(
      reasons
        .filter((reason) => reason.pointer === pointer)
        .map((one) => one.message)
        .join(),
    ).toContain(says);
    expect((await api.get(`${TEMPLATES}/otp/email/en`)).status).toBe(404);
  });

  it('exists for the messages, forms and languages that there are', async () => {
    const { body } = await api.get(TEMPLATES);
    expect(body.message_templates).toEqual([]);
    expect(body.messages).toContainEqual({
      name: 'address_change_done',
      variables: ['Product.Name', 'OTP.Link', 'OTP.Validity', 'Address'],
      needs_one_of: ['OTP.Link'],
    });
    for (const { name } of body.messages as { name: string }[]) {
      for (const channel of body.channels) {
        for (const locale of body.locales) {
          const path = `${TEMPLATES}/${name}/${channel}/${locale}`;
          const builtIn = await api.get(`${path}/builtin`);
          expect(builtIn.status, path).toBe(200);
          const { subject, text } = builtIn.body;
          const words = channel === 'email' ? { subject, text } : { text };
          expect((await api.post(`${path}/preview`, words)).status, path).toBe(200);
        }
      }
    }
    for (const path of [
      'nothing/email/en',
      'otp/post/en',
      'otp/email/xx',
      'transport_test/email/en',
      '__proto__/email/en',
    ]) {
      expect(
        (await api.put(`${TEMPLATES}/${path}`, { subject: 'x', text: '{{OTP.Code}}' })).status,
        path,
      ).toBe(404);
    }
  });

  it('is the tenant’s alone, and is recorded', async () => {
    await server.createTenant('other');
    await api.put(`${TEMPLATES}/otp/sms/en`, { text: 'Ours {{OTP.Code}}' });
    const other = server.api('other');
    expect((await other.get('/api/admin/other/message-templates')).body.message_templates).toEqual([]);
    expect((await other.get(`${TEMPLATES}/otp/sms/en`)).status).toBe(401);
    const { body } = await api.get(
      `/api/admin/${tenantId}/servers/admin/audit-events?event_subject=tenant&limit=1`,
    );
    expect(body.audit_events[0].payload.tenant_updated).toMatchObject({
      changed: 'message_template',
      message: 'otp',
      channel: 'sms',
      locale: 'en',
    });
    await api.delete(`${TEMPLATES}/otp/sms/en`);
  });
});
