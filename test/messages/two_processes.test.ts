import { afterAll, beforeAll, expect, it } from 'vitest';
import { startMessageWorker } from '../../src/messages/worker.ts';
import { createWays } from '../../src/messages/transports/ways.ts';
import { createSealer } from '../../src/security/seal.ts';
import { testConfig } from '../support/config.ts';
import { eventually } from '../support/mailbox.ts';
import { aMessage, enqueue } from '../support/outbox.ts';
import { startSmtpSink, type SmtpSink } from '../support/smtp_sink.ts';
import { startTwoProcesses, type TwoProcesses } from '../support/two_processes.ts';

let sink: SmtpSink;
let both: TwoProcesses;
const config = testConfig();
const sealer = createSealer(config.masterKeys);
const environment = () => ({ SMTP_URL: sink.url, MAIL_FROM: 'id@mail.example.test' });

beforeAll(async () => {
  sink = await startSmtpSink();
  both = await startTwoProcesses(environment());
}, 60_000);

afterAll(async () => {
  await both.stop();
  await sink.close();
});

const write = (addresses: readonly string[]) =>
  enqueue(
    { db: both.database.db, config },
    addresses.map((to) => aMessage(to)),
  );
const people = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => `${name}${index}@d${index % 20}.test`);
const rows = (status: string) => both.database.db.knex('outbox').where({ status });
const arrivals = (to: string) => sink.mails.filter(({ recipients }) => recipients.includes(to));

it('two processes send every message exactly once', async () => {
  const everybody = people(120, 'p');
  await write(everybody);
  await eventually(async () => ((await rows('sent')).length === everybody.length ? true : undefined));
  expect(everybody.filter((to) => arrivals(to).length !== 1)).toEqual([]);
});

it('loses nothing when every process is killed between the change and the mail', async () => {
  sink.script = () => ({ slowMs: 60_000 });
  const everybody = people(50, 'k');
  const ids = await write(everybody);
  // Some are on their way, to a server that has not taken them; the rest was never looked at.
  await eventually(async () =>
    everybody.filter((to) => sink.attempts.has(to)).length > 20 ? true : undefined,
  );
  for (const child of both.children) child.kill('SIGKILL');
  await Promise.all(both.children.map(({ ended }) => ended));
  expect(everybody.filter((to) => arrivals(to).length > 0)).toEqual([]);
  expect(await rows('queued')).toHaveLength(everybody.length);

  // The leases of the dead run out, and the next server begins.
  sink.script = () => 250;
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
