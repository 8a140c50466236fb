import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startApiServer, type ApiClient, type ApiServer } from '../support/api_server.ts';
import { configurationOf } from '../support/configuration_files.ts';
import { startHttpSink, type HttpSink } from '../support/http_sink.ts';
import { eventually } from '../support/mailbox.ts';
import { aMessage, enqueue, letTimePass, rowWhen } from '../support/outbox.ts';
import { startSmtpSink, type SmtpSink } from '../support/smtp_sink.ts';

const PASSWORD = 'the password of the mail server';
const TOKEN = 'the token of the account at the gateway';
const KEY = 'the key that requests to the gateway are signed with';
const SID = `AC${'0123456789abcdef'.repeat(2)}`;
const NUMBER = '+4915112345678';
const METHODS = '/api/admin/default/mfa-methods';

let operators: SmtpSink;
let own: SmtpSink;
let gateway: HttpSink;
let server: ApiServer;
let admin: ApiClient;

beforeAll(async () => {
  [operators, own, gateway] = await Promise.all([startSmtpSink(), startSmtpSink(), startHttpSink()]);
  own.accounts.add(`harbour:${PASSWORD}`);
  server = await startApiServer({
    SMTP_URL: operators.url,
    MAIL_FROM: 'Weir <id@operator.test>',
    TWILIO_API_URL: gateway.url,
    OUTBOUND_ALLOW_HOSTS: '127.0.0.1',
  });
  admin = server.api('default');
});
afterAll(async () => {
  // First those that are silent: what waits for them ends.
  await Promise.all([operators.close(), own.close(), gateway.close()]);
  await server.stop();
});
beforeEach(async () => {
  for (const { id } of (await admin.get(METHODS)).body.mfa_methods) await admin.delete(`${METHODS}/${id}`);
  await server.db.knex('attempts').delete();
  own.script = () => 250;
  gateway.requests.length = 0;
  gateway.script = () => 202;
});

const portOf = ({ url }: { readonly url: string }) => Number(new URL(url).port);

const smtp = (over: object = {}, settings: object = {}) => ({
  mechanism: 'email',
  enabled: true,
  auth: {
    email: {
      host: '127.0.0.1',
      port: portOf(own),
      username: 'harbour',
      password: PASSWORD,
      auth: 'plain',
      ...over,
    },
  },
  settings: { email: { provider: 'smtp', custom_from: 'Harbour <mail@harbour.test>', ...settings } },
});
const webhook = (over: object = {}) => ({
  mechanism: 'sms',
  enabled: true,
  auth: { sms: { url: `${gateway.url}/texts`, secret: KEY, ...over } },
  settings: { sms: { provider: 'webhook' } },
});
const twilio = (over: object = {}, source = '+15550001111') => ({
  mechanism: 'sms',
  enabled: true,
  auth: { sms: { sid: SID, auth_token: TOKEN, ...over } },
  settings: { sms: { provider: 'twilio', custom_source: source } },
});

const create = async (body: object): Promise<string> => {
  const answer = await admin.post(METHODS, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.id as string;
};
const mailsTo = (sink: SmtpSink, to: string) =>
  sink.mails.filter(({ recipients }) => recipients.includes(to));
const send = async (to: string): Promise<string> => (await enqueue(server, [aMessage(to)]))[0] as string;
const sent = (id: string) => rowWhen(server, id, ({ status }) => status === 'sent');
const refusal = async (answer: ReturnType<ApiClient['post']>): Promise<string[]> => {
  const { status, body } = await answer;
  expect(status, JSON.stringify(body)).toBe(422);
  return body.details.map(({ pointer }: { pointer: string }) => pointer);
};

describe('messages of a tenant', () => {
  it('leave by its own mail server from the next one on, and by the operator’s when it is disabled or deleted', async () => {
    await sent(await send('before@people.test'));
    const id = await create(smtp());
    await sent(await send('own@people.test'));
    const off = await admin.put(`${METHODS}/${id}`, { ...smtp({ password: undefined }), enabled: false });
    expect(off.status).toBe(200);
    await sent(await send('disabled@people.test'));
    await admin.put(`${METHODS}/${id}`, smtp({ password: undefined }));
    await sent(await send('again@people.test'));
    expect((await admin.delete(`${METHODS}/${id}`)).status).toBe(204);
    await sent(await send('deleted@people.test'));

    for (const to of ['before', 'disabled', 'deleted']) {
      expect(mailsTo(operators, `${to}@people.test`)).toMatchObject([{ from: 'id@operator.test' }]);
    }
    for (const to of ['own', 'again']) {
      const [mail] = mailsTo(own, `${to}@people.test`);
      expect(mail?.from).toBe('mail@harbour.test');
      expect(mail?.headers.get('from')).toBe('Harbour <mail@harbour.test>');
      expect(mailsTo(operators, `${to}@people.test`)).toEqual([]);
    }
    expect(own.signIns).toContain(`PLAIN harbour:${PASSWORD}`);
  });

  it.each(['plain', 'login', 'crammd5'])('sign in to it by %s', async (auth) => {
    await create(smtp({ auth }));
    own.signIns.length = 0;
    await sent(await send(`${auth}@people.test`));
    const method = { plain: 'PLAIN', login: 'LOGIN', crammd5: 'CRAM-MD5' }[auth];
    expect(own.signIns).toEqual([`${method} harbour:${PASSWORD}`]);
  });

  it('leave by the account at the gateway, the sender of its choice first', async () => {
    await create(twilio());
    await sent(await send(NUMBER));
    const [request] = gateway.requests;
    expect(request?.path).toBe(`/2010-04-01/Accounts/${SID}/Messages.json`);
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from(`${SID}:${TOKEN}`).toString('base64')}`);
    expect(new URLSearchParams(request?.body).get('From')).toBe('+15550001111');
  });

  it('leave by a gateway of its own, signed with its key', async () => {
    await create(webhook());
    await sent(await send(NUMBER));
    const [request] = gateway.requests;
    const [, seconds = '', mac] = /^t=(\d+),v1=(.+)$/.exec(String(request?.headers['weir-signature'])) ?? [];
    expect(mac).toBe(createHmac('sha256', KEY).update(`${seconds}.${request?.body}`).digest('hex'));
  });

  it('wait while its server refuses the sign-in, and leave once the password is put right: never by another way', async () => {
    const id = await create(smtp({ password: 'a wrong one' }));
    const waiting = await send('patient@people.test');
    await rowWhen(server, waiting, ({ last_error }) => last_error === 'smtp_auth');
    await admin.put(`${METHODS}/${id}`, smtp());
    await letTimePass(server, waiting);
    await sent(waiting);
    expect(mailsTo(own, 'patient@people.test')).toHaveLength(1);
    expect(mailsTo(operators, 'patient@people.test')).toEqual([]);
  });

  it('hold up nobody else’s while its server is silent', async () => {
    const { administratorsPoolId: poolId } = await server.createTenant('quay');
    own.script = () => 'hang';
    await create(smtp());
    const stuck = await enqueue(
      server,
      Array.from({ length: 60 }, (_, index) => aMessage(`stuck${index}@people.test`)),
    );
    await eventually(async () => (own.attempts.has('stuck0@people.test') ? true : undefined));
    const others = await enqueue(
      server,
      Array.from({ length: 20 }, (_, index) => aMessage(`free${index}@people.test`, { codeId: undefined })),
      { tenantId: 'quay', poolId },
    );
    for (const id of others) await sent(id);
    // To the very domain that the other tenant's mails are for; those are all still waiting.
    const waiting = await server.db.knex('outbox').whereIn('message_id', stuck).where({ status: 'queued' });
    expect(waiting).toHaveLength(60);
    expect(waiting.filter(({ lease }) => lease !== null).length).toBeLessThanOrEqual(4);
    await server.db.knex('outbox').whereIn('message_id', stuck).delete();
  });
});

describe('a secret', () => {
  const secrets = [PASSWORD, TOKEN, KEY];

  it('is in no answer, no event and no row', async () => {
    const answers = [
      await admin.post(METHODS, smtp()),
      await admin.post(METHODS, webhook()),
      await admin.post(METHODS, { ...twilio(), enabled: false }),
      await admin.get(METHODS),
    ];
    for (const { id } of answers[3]?.body.mfa_methods ?? []) {
      answers.push(await admin.get(`${METHODS}/${id}`));
      const address = id === answers[0]?.body.id ? 'look@people.test' : NUMBER;
      await admin.post(`${METHODS}/${id}/test`, { address });
    }
    const tables = await Promise.all(
      ['message_transports', 'audit_events', 'outbox', 'idempotent_answers'].map((table) =>
        server.db.knex(table),
      ),
    );
    const everything = JSON.stringify([answers.map(({ body }) => body), tables]);
    for (const secret of secrets) expect(everything).not.toContain(secret);
    const rows = await server.db.knex('message_transports').where({ tenant_id: 'default' });
    expect(rows.map(({ sealed_secret: sealed }) => sealed)).toEqual([
      expect.stringMatching(/^v1\.test\./),
      expect.stringMatching(/^v1\.test\./),
      expect.stringMatching(/^v1\.test\./),
    ]);
  });

  it('stays when it is left out, and has to be said again for another host, port or account', async () => {
    const id = await create(smtp());
    const put = (over: object) => admin.put(`${METHODS}/${id}`, smtp({ password: undefined, ...over }));
    for (const over of [
      { port: portOf(gateway) },
      { host: 'smtp.example.com', port: 587 },
      { username: 'thief' },
    ]) {
      expect(await refusal(put(over))).toEqual(['/auth/email/password']);
    }
    expect((await put({ auth: 'login' })).status).toBe(200);
    const text = await create(webhook());
    const elsewhere = webhook({ url: `${gateway.url}/elsewhere`, secret: undefined });
    expect(await refusal(admin.put(`${METHODS}/${text}`, elsewhere))).toEqual(['/auth/sms/secret']);
    const account = twilio({ auth_token: undefined });
    expect(await refusal(admin.put(`${METHODS}/${text}`, account))).toEqual(['/auth/sms/auth_token']);
    await sent(await send('kept@people.test'));
    expect(mailsTo(own, 'kept@people.test')).toHaveLength(1);
  });
});

describe('what is refused', () => {
  it('names each field, and says where the matter is decided', async () => {
    const otp = { length: 8, expiration: '5m' };
    const words = { custom_message_subject: 'Hi', custom_message_template: 'Code {{OTP.Code}}', otp };
    expect(await refusal(admin.post(METHODS, smtp({}, words)))).toEqual([
      '/settings/email/custom_message_subject',
      '/settings/email/custom_message_template',
      '/settings/email/otp',
    ]);
    const cases: [object, string[]][] = [
      [smtp({}, { custom_from: '' }), ['/settings/email/custom_from']],
      [smtp({}, { custom_from: 'a@b.test, c@d.test' }), ['/settings/email/custom_from']],
      [smtp({}, { custom_from: 'a@b.test\r\nBcc: c@d.test' }), ['/settings/email/custom_from']],
      [smtp({ auth: 'xoauth2' }), ['/auth/email/auth']],
      [smtp({ password: undefined }), ['/auth/email/password']],
      [smtp({ username: 'a\r\nRCPT TO:<x@y.test>' }), ['/auth/email/username']],
      [smtp({}, { provider: 'embedded', custom_from: undefined }), ['/auth/email']],
      [{ ...smtp(), auth: {} }, ['/auth/email']],
      [
        { mechanism: 'email', enabled: true, settings: { email: { custom_from: 'boss@bank.test' } } },
        ['/settings/email/custom_from'],
      ],
      [{ ...smtp(), mechanism: 'sms' }, ['/auth/email', '/settings/email']],
      [{ ...smtp(), auth: { arculix: {} } }, ['/auth/arculix']],
      [twilio({ sid: '../../x' }), ['/auth/sms/sid']],
      [twilio({}, 'a sender that is too long'), ['/settings/sms/custom_source']],
      [twilio({ url: 'https://gateway.example.com' }), ['/auth/sms/url']],
      [webhook({ secret: 'short' }), ['/auth/sms/secret']],
      [{ ...smtp(), id: '..' }, ['/id']],
    ];
    for (const [body, pointers] of cases) {
      expect(await refusal(admin.post(METHODS, body)), JSON.stringify(body)).toEqual(pointers);
    }
    expect((await admin.get(METHODS)).body.mfa_methods).toEqual([]);
  });

  it('is every place that only the operator may send to, and every port that no mail is handed in at', async () => {
    const hosts = [
      '10.0.0.5',
      '169.254.169.254',
      '::1',
      '::ffff:127.0.0.1',
      '127.0.0.2',
      'ho st',
      'a/b',
      '[::1]',
      '',
    ];
    for (const host of hosts) {
      expect(await refusal(admin.post(METHODS, smtp({ host, port: 587 }))), host).toEqual([
        '/auth/email/host',
      ]);
    }
    for (const port of [22, 6379, 5432]) {
      const pointers = await refusal(admin.post(METHODS, smtp({ host: 'smtp.example.com', port })));
      expect(pointers).toEqual(['/auth/email/port']);
    }
    const urls = [
      'https://10.0.0.5/',
      'https://[::1]/',
      'http://gateway.example.com/',
      'file:///etc/passwd',
      'https://u:p@x.test/',
    ];
    for (const url of urls) {
      expect(await refusal(admin.post(METHODS, webhook({ url }))), url).toEqual(['/auth/sms/url']);
    }
  });

  it('is, where the connection is made, a name that leads into a private network: it looks like one that is not there', async () => {
    // Resolves to a loopback address, like a name whose answer was changed after it was taken.
    const inside = await create(smtp({ host: 'localhost', port: 587 }));
    const nowhere = await create({ ...smtp({ host: 'nowhere.invalid', port: 587 }), enabled: false });
    const [refused, absent] = await Promise.all(
      [inside, nowhere].map((id) => admin.post(`${METHODS}/${id}/test`, { address: 'ann@people.test' })),
    );
    expect(refused).toMatchObject({ status: 422, body: { error_code: 'not_delivered' } });
    expect(refused?.body.error).toBe(absent?.body.error);
  });

  it('is a second enabled one of a mechanism, whoever comes first', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => admin.post(METHODS, smtp())));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409]);
    const spare = await create({ ...smtp(), enabled: false });
    expect(await admin.put(`${METHODS}/${spare}`, smtp())).toMatchObject({
      status: 409,
      body: { error_code: 'other_enabled' },
    });
  });

  it('is another tenant’s, which is not there', async () => {
    const id = await create(smtp());
    await server.createTenant('pier');
    const foreign = server.api('pier');
    expect((await foreign.get(METHODS)).status).toBe(401);
    const path = `/api/admin/pier/mfa-methods/${id}`;
    const answers = [
      await foreign.get(path),
      await foreign.put(path, smtp()),
      await foreign.post(`${path}/test`, { address: 'ann@people.test' }),
      await foreign.delete(path),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
    expect((await admin.get(`${METHODS}/${id}`)).status).toBe(200);
  });

  it('is a change that is based on an older version', async () => {
    const made = await admin.post(METHODS, smtp());
    const path = `${METHODS}/${made.body.id}`;
    const changed = await admin.put(path, smtp(), { 'if-match': made.etag });
    expect(changed.status).toBe(200);
    expect((await admin.put(path, smtp(), { 'if-match': made.etag })).status).toBe(412);
    expect((await admin.delete(path, { 'if-match': made.etag })).status).toBe(412);
    // An answer goes back as it came.
    expect((await admin.put(path, (await admin.get(path)).body, { 'if-match': changed.etag })).status).toBe(
      200,
    );
  });
});

describe('a test message', () => {
  const test = (id: string, address: string) => admin.post(`${METHODS}/${id}/test`, { address });
  const events = () =>
    server.db
      .knex('audit_events')
      .where({ tenant_id: 'default', event_subject: 'mfa_method', action: 'tested' });

  it('arrives by a transport that is not enabled yet, says that it is one, and is recorded', async () => {
    const id = await create({ ...smtp(), enabled: false });
    expect(await test(id, 'ann@people.test')).toMatchObject({ status: 200, body: undefined });
    const [mail] = mailsTo(own, 'ann@people.test');
    expect(mail?.headers.get('subject')).toMatch(/^A test message from /);
    expect(mail?.text).toContain('123456');
    const [event] = await events().orderBy('occurred_at', 'desc').limit(1);
    expect(event?.payload.mfa_method_tested).toEqual({
      id,
      mechanism: 'email',
      address: 'ann@people.test',
      delivered: true,
    });
    const text = await create(webhook());
    expect((await test(text, NUMBER)).status).toBe(200);
    expect(JSON.parse(gateway.requests[0]?.body ?? '').text).toContain('123456');
  });

  it('tells in words what went wrong, and nothing that the other side has said', async () => {
    const wrong = await create(smtp({ password: 'a wrong one' }));
    const auth = await test(wrong, 'ann@people.test');
    expect(auth).toMatchObject({ status: 422, body: { error_code: 'not_delivered' } });
    expect(auth.body.error).toMatch(/refused the username, the password/);
    expect(JSON.stringify(auth.body)).not.toContain('a wrong one');
    await admin.put(`${METHODS}/${wrong}`, smtp());
    own.script = () => 550;
    expect((await test(wrong, 'ann@people.test')).body.error).toMatch(/answered 550/);
    await admin.put(`${METHODS}/${wrong}`, smtp({ port: 1 }));
    expect((await test(wrong, 'ann@people.test')).body.error).toMatch(/no connection could be made/);
    const text = await create(webhook());
    gateway.script = () => 401;
    expect((await test(text, NUMBER)).body.error).toMatch(/refused the credentials \(401\)/);
    const none = await create({
      mechanism: 'sms',
      enabled: false,
      settings: { sms: { provider: 'embedded' } },
    });
    expect((await test(none, NUMBER)).body.error).toMatch(/operator has set up no way/);
    const failed = await events().whereRaw("payload -> 'mfa_method_tested' ->> 'delivered' = 'false'");
    expect(failed.length).toBeGreaterThanOrEqual(5);
  });

  it('goes to one address, as it stands', async () => {
    const id = await create(smtp());
    for (const address of ['a@x.test, b@x.test', 'Ann <a@x.test>', 'a@x.test\r\nBcc: b@x.test', NUMBER, '']) {
      expect(await refusal(test(id, address)), address).toEqual(['/address']);
    }
  });

  it('is sent a few times to one address and not often at all, raced or not', async () => {
    const id = await create(smtp());
    const same = await Promise.all(Array.from({ length: 8 }, () => test(id, 'often@people.test')));
    expect(same.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
    expect(same.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('3600');
    const each = await Promise.all(
      Array.from({ length: 15 }, (_, index) => test(id, `each${index}@people.test`)),
    );
    expect(each.filter(({ status }) => status === 200)).toHaveLength(12);
  });
});

describe('as files', () => {
  const file = (port: number) => ({
    'mfa_methods/mail.yaml': `mechanism: email
enabled: true
auth: { email: { host: 127.0.0.1, port: ${port}, username: harbour, auth: plain } }
settings: { email: { provider: smtp, custom_from: mail@harbour.test } }
secret: { env: MAIL_PASSWORD }
`,
  });

  it('a transport goes from tenant to tenant, its secret by reference; the second time nothing changes', async () => {
    await server.createTenant('files');
    const files = configurationOf(server, { MAIL_PASSWORD: PASSWORD });
    const wanted = file(portOf(own));
    expect((await files.apply('files', wanted)).changes).toMatchObject([{ action: 'create' }]);
    expect((await files.apply('files', wanted)).changes).toEqual([]);
    const exported = (await files.export('files'))['mfa_methods/mail.yaml'] ?? '';
    expect(exported).toContain('provider: smtp');
    expect(exported).toContain('secret: { env: NAME }');
    expect(exported).not.toContain(PASSWORD);

    // Elsewhere, the secret goes along with the host that it is for.
    const moved = await files.apply('files', file(portOf(operators)));
    expect(moved.changes).toMatchObject([{ fields: [{ pointer: '/auth/email/port' }] }]);
    const other = configurationOf(server, { MAIL_PASSWORD: 'another' });
    const changed = await other.apply('files', file(portOf(operators)));
    expect(changed.changes).toMatchObject([{ fields: [{ pointer: '/secret' }] }]);
    expect((await server.api('files').get('/api/admin/files/mfa-methods/mail')).body.auth.email.port).toBe(
      portOf(operators),
    );
  });

  it('one without its secret is refused by name, as is one in the clear', async () => {
    await server.createTenant('bare');
    const files = configurationOf(server);
    const [text = ''] = Object.values(file(portOf(own)));
    const without = { 'mfa_methods/mail.yaml': text.replace(/^secret.*$/m, '') };
    expect(await files.refusal('bare', without)).toEqual([
      expect.stringMatching(/\/auth\/email\/password.*must be given/),
    ]);
    const clear = { 'mfa_methods/mail.yaml': text.replace(/^secret.*$/m, `secret: ${PASSWORD}`) };
    const [said = ''] = await files.refusal('bare', clear);
    expect(said).toMatch(/\/secret.*must be \{ env: NAME \}/);
    expect(said).not.toContain(PASSWORD);
    const given = configurationOf(server, { MAIL_PASSWORD: PASSWORD });
    const inside = {
      'mfa_methods/mail.yaml': text.replace('auth: plain', `auth: plain, password: ${PASSWORD}`),
    };
    expect(await given.refusal('bare', inside)).toEqual([expect.stringMatching(/\/auth\/email\/password/)]);
    const embedded = `mechanism: email\nenabled: true\nsecret: { env: MAIL_PASSWORD }\n`;
    expect(await given.refusal('bare', { 'mfa_methods/mail.yaml': embedded })).toEqual([
      expect.stringMatching(/\/secret.*does not go with/),
    ]);
  });
});
