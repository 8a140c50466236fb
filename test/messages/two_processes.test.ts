import { afterAll, beforeAll, expect, it } from 'vitest';
import { startMessageWorker } from '../../src/messages/worker.ts';
import { createWays } from '../../src/messages/transports/ways.ts';
import { createSealer } from '../../src/security/seal.ts';
import { testConfig } from '../support/config.ts';
import { eventually } from '../support/mailbox.ts';
import { aMessage, enqueue } from '../support/outbox.ts';
import { SYSTEM_ACTOR } from '../support/domain.ts';
import { startHttpSink, type HttpSink } from '../support/http_sink.ts';
import { startSmtpSink, type SmtpSink } from '../support/smtp_sink.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two_processes.ts';

let sink: SmtpSink;
let own: SmtpSink;
let gateway: HttpSink;
let both: TwoProcesses;
const config = testConfig();
const sealer = createSealer(config.masterKeys);
const environment = () => ({
  SMTP_URL: sink.url,
  MAIL_FROM: 'id@mail.example.test',
  OUTBOUND_ALLOW_HOSTS: '127.0.0.1',
});

beforeAll(async () => {
  [sink, own, gateway] = await Promise.all([startSmtpSink(), startSmtpSink(), startHttpSink()]);
  own.accounts.add('harbour:the password');
  both = await startTwoProcesses(environment());
}, 60_000);

afterAll(async () => {
  await both.stop();
  await Promise.all([sink.close(), own.close(), gateway.close()]);
});

const write = (addresses: readonly string[]) =>
  enqueue(
    { db: both.database.db, config },
    addresses.map((to) => aMessage(to)),
  );
const people = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => `${name}${index}@d${index % 20}.test`);
const rows = (status: string) => both.database.db.knex('outbox').where({ status });
/** Whose mail server got how many, once all are gone. */
async function sentBy(everybody: readonly string[]): Promise<{ own: number; operators: number }> {
  await write(everybody);
  await eventually(async () => ((await rows('queued')).length === 0 ? true : undefined));
  const at = ({ mails }: SmtpSink) =>
    mails.filter(({ recipients: [to = ''] }) => everybody.includes(to)).length;
  return { own: at(own), operators: at(sink) };
}
const arrivals = (to: string) => sink.mails.filter(({ recipients }) => recipients.includes(to));

it('two processes send every message exactly once', async () => {
  const everybody = people(120, 'p');
  await write(everybody);
  await eventually(async () => ((await rows('sent')).length === everybody.length ? true : undefined));
  expect(everybody.filter((to) => arrivals(to).length !== 1)).toEqual([]);
});

it('a transport of the tenant’s own holds in both from the next message on, and no longer than it is there', async () => {
  const settings = {
    provider: 'smtp',
    host: '127.0.0.1',
    port: Number(new URL(own.url).port),
    username: 'harbour',
    auth: 'plain',
    from: 'id@harbour.test',
  } as const;
  const transport = { channel: 'email', enabled: true, settings, secret: 'the password' } as const;
  const scope = { tenantId: 'default' };
  const { id } = await both.domain.transports.create(scope, transport, SYSTEM_ACTOR);
  const by = await sentBy(people(40, 'own'));
  await both.domain.transports.remove({ ...scope, transportId: id }, SYSTEM_ACTOR);
  expect(by).toEqual({ own: 40, operators: 0 });
  expect(await sentBy(people(40, 'back'))).toEqual({ own: 0, operators: 40 });
  const logged = both.children.map((child) => child.lines.join('\n') + child.errors()).join('\n');
  expect(logged).toContain('ready after');
  expect(logged).not.toContain('the password');
});

it('loses nothing when every process is killed between the change and the mail', async () => {
  sink.script = () => ({ slowMs: 60_000 });
  gateway.script = () => 'hang';
  const settings = { provider: 'webhook', url: gateway.url } as const;
  const transport = { channel: 'sms', enabled: true, settings, secret: 'k'.repeat(32) } as const;
  await both.domain.transports.create({ tenantId: 'default' }, transport, SYSTEM_ACTOR);
  const everybody = people(50, 'k');
  const ids = await write(everybody);
  const texts = await write(Array.from({ length: 12 }, (_, index) => `+491511234${1000 + index}`));
  // Some are on their way, to a server that has not taken them; the rest was never looked at.
  await eventually(async () =>
    everybody.filter((to) => sink.attempts.has(to)).length > 20 && gateway.requests.length > 2
      ? true
      : undefined,
  );
  for (const child of both.children) child.kill('SIGKILL');
  await Promise.all(both.children.map(({ ended }) => ended));
  expect(everybody.filter((to) => arrivals(to).length > 0)).toEqual([]);
  expect(await rows('queued')).toHaveLength(everybody.length + texts.length);

  // The leases of the dead run out, and the next server begins.
  sink.script = () => 250;
  gateway.script = () => 202;
  gateway.requests.length = 0;
  await rows('queued').whereNotNull('lease').update({ next_attempt_at: new Date() });
  const next = startWorker();
  await eventually(async () => ((await rows('queued')).length === 0 ? true : undefined));
  await next.close();
  for (const [index, to] of everybody.entries()) {
    const mails = arrivals(to);
    expect(mails.map((mail) => mail.headers.get('message-id'))).toEqual([
      `<${ids[index]}@mail.example.test>`,
    ]);
  }
  // By the tenant's own way as well, each under the key that it had before.
  expect(gateway.requests.map(({ headers }) => headers['idempotency-key']).toSorted()).toEqual(
    texts.toSorted(),
  );
});

it('gives back what it cannot finish when it stops', async () => {
  sink.script = () => 'hang';
  const [id] = await write(['stopped@d0.test']);
  const worker = startWorker();
  await eventually(async () => (sink.attempts.has('stopped@d0.test') ? true : undefined));
  await worker.close();
  // Free at once for the next server, not when the lease has run out.
  const [row] = await rows('queued').where({ message_id: id }).andWhereRaw('next_attempt_at <= now()');
  expect(row).toMatchObject({ lease: null, last_error: 'stopped' });
});

/** The server that comes next, as far as messages go. */
const startWorker = () =>
  startMessageWorker({
    database: both.database.db.options,
    drainMs: 100,
    sealer,
    ways: createWays({ config: testConfig(environment()), sealer }),
    publicUrl: both.publicUrl,
    onError: (error) => expect.unreachable(String(error)),
  });
