import { createHmac } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** A mail as it arrived: what the envelope said, and the message itself. */
export type ReceivedMail = {
  readonly from: string;
  readonly recipients: readonly string[];
  /** Header and body, line ends as they came, dots unstuffed. */
  readonly raw: string;
  readonly headers: ReadonlyMap<string, string>;
  /** The text part, decoded. */
  readonly text: string;
  /** The HTML part, decoded. */
  readonly html: string;
};

/** How a recipient is answered: a status of SMTP, `hang` for silence, or milliseconds to let the sender wait. */
export type Answer = number | 'hang' | 'reset_after_data' | { readonly slowMs: number };

export type SmtpSink = {
  /** `smtp://127.0.0.1:port`. */
  readonly url: string;
  readonly mails: ReceivedMail[];
  /** How many times each recipient was named by a sender. */
  readonly attempts: Map<string, number>;
  /** Decides what happens to a recipient, by the attempt at it, from 1. Default: everything is taken. */
  script: (recipient: string, attempt: number) => Answer;
  /** Who may sign in, `name:password`; others are told 535. Empty: nobody is asked. */
  readonly accounts: Set<string>;
  /** Who tried to: the method and `name:password`. */
  readonly signIns: string[];
  /** Most mails being received at the same time, for one domain. */
  readonly mostAtOnce: Map<string, number>;
  close(): Promise<void>;
};

/** A mail server that takes what it is told to take, and keeps it. */
export async function startSmtpSink(script: SmtpSink['script'] = () => 250): Promise<SmtpSink> {
  const sockets = new Set<Socket>();
  const atOnce = new Map<string, number>();
  const sink: Omit<SmtpSink, 'url' | 'close'> = {
    mails: [],
    attempts: new Map(),
    mostAtOnce: new Map(),
    accounts: new Set(),
    signIns: [],
    script,
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    // A sender that dies in the middle.
    talk(socket, sink, atOnce).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(sink, {
    url: `smtp://127.0.0.1:${address.port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function talk(socket: Socket, sink: Omit<SmtpSink, 'url' | 'close'>, atOnce: Map<string, number>) {
  const say = (line: string) => socket.write(`${line}\r\n`);
  say('220 sink.test ESMTP');
  let from = '';
  let recipients: string[] = [];
  let resetsAfterData = false;
  let data: string[] | undefined;
  let signingIn: ((line: string) => string) | undefined;
  for await (const line of createInterface({ input: socket })) {
    if (data !== undefined) {
      if (line !== '.') {
        data.push(line.replace(/^\./, ''));
        continue;
      }
      sink.mails.push(received(from, recipients, data.join('\r\n')));
      data = undefined;
      if (resetsAfterData) return void socket.resetAndDestroy();
      say('250 taken');
      continue;
    }
    if (signingIn !== undefined) {
      const reply = signingIn(line);
      if (!reply.startsWith('334')) signingIn = undefined;
      say(reply);
      continue;
    }
    const command = line.slice(0, 4).toUpperCase();
    if (command === 'EHLO') {
      const offered = sink.accounts.size === 0 ? '' : '250-AUTH PLAIN LOGIN CRAM-MD5\r\n';
      say(`250-sink.test\r\n${offered}250 8BITMIME`);
    } else if (command === 'STAR') say('502 no TLS here');
    else if (command === 'AUTH') {
      const [, method = '', first = ''] = line.split(' ');
      signingIn = signIn(sink, method.toUpperCase());
      const reply = signingIn(first);
      if (!reply.startsWith('334')) signingIn = undefined;
      say(reply);
    } else if (command === 'MAIL') {
      from = addressIn(line);
      recipients = [];
      resetsAfterData = false;
      say('250 ok');
    } else if (command === 'RCPT') {
      const recipient = addressIn(line);
      const attempt = (sink.attempts.get(recipient) ?? 0) + 1;
      sink.attempts.set(recipient, attempt);
      const answer = sink.script(recipient, attempt);
      if (answer === 'hang') return;
      if (typeof answer === 'object') await waiting(recipient, answer.slowMs, sink.mostAtOnce, atOnce);
      resetsAfterData ||= answer === 'reset_after_data';
      if (typeof answer === 'number' && answer >= 400) say(`${answer} no`);
      else {
        recipients.push(recipient);
        say('250 ok');
      }
    } else if (command === 'DATA') {
      data = [];
      say('354 go on');
    } else if (command === 'QUIT') {
      say('221 bye');
      socket.end();
    } else say('250 ok');
  }
}

async function waiting(
  recipient: string,
  ms: number,
  most: Map<string, number>,
  atOnce: Map<string, number>,
) {
  const domain = recipient.slice(recipient.lastIndexOf('@') + 1);
  const now = (atOnce.get(domain) ?? 0) + 1;
  atOnce.set(domain, now);
  most.set(domain, Math.max(most.get(domain) ?? 0, now));
  await sleep(ms, undefined, { ref: false });
  atOnce.set(domain, (atOnce.get(domain) ?? 1) - 1);
}

/** Reads a sign-in line by line: the first is what stood behind the method (RFC 4954, 4616, 2195). */
function signIn(sink: Pick<SmtpSink, 'accounts' | 'signIns'>, method: string): (line: string) => string {
  const decode = (line: string) => Buffer.from(line, 'base64').toString();
  const encode = (text: string) => Buffer.from(text).toString('base64');
  const judge = (account: string | undefined, said: string) => {
    sink.signIns.push(`${method} ${account ?? said}`);
    return account !== undefined && sink.accounts.has(account) ? '235 welcome' : '535 no';
  };
  if (method === 'PLAIN') {
    return (line) => judge(decode(line).split('\0').slice(1).join(':'), line);
  }
  const lines: string[] = [];
  const challenge = '<1896.697170952@sink.test>';
  return (line) => {
    lines.push(decode(line));
    const [, name = '', password = ''] = lines;
    if (method === 'LOGIN') {
      return lines.length < 3
        ? `334 ${encode(lines.length === 1 ? 'Username:' : 'Password:')}`
        : judge(`${name}:${password}`, '');
    }
    if (lines.length === 1) return `334 ${encode(challenge)}`;
    const [user, mac] = name.split(' ');
    const known = [...sink.accounts].find((account) => {
      const [of = '', ...rest] = account.split(':');
      return of === user && createHmac('md5', rest.join(':')).update(challenge).digest('hex') === mac;
    });
    return judge(known, name);
  };
}

const addressIn = (line: string) => /<(.*)>/.exec(line)?.[1] ?? '';

function received(from: string, recipients: string[], raw: string): ReceivedMail {
  const { headers, body } = split(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '')?.[1];
  const parts = (boundary === undefined ? [] : body.split(`--${boundary}`)).map((part) =>
    split(part.trimStart()),
  );
  const part = (type: string) => {
    const found = parts.find((one) => one.headers.get('content-type')?.startsWith(type));
    return found === undefined ? '' : decoded(found.body, found.headers.get('content-transfer-encoding'));
  };
  return { from, recipients, raw, headers, text: part('text/plain'), html: part('text/html') };
}

function split(message: string): { headers: Map<string, string>; body: string } {
  const at = message.indexOf('\r\n\r\n');
  const unfolded = message.slice(0, at).replaceAll(/\r\n[ \t]+/g, ' ');
  const headers = new Map(
    unfolded.split('\r\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), decodedWords(line.slice(colon + 1).trim())] as const;
    }),
  );
  return { headers, body: message.slice(at + 4) };
}

/** RFC 2047: `=?UTF-8?Q?...?=` and `?B?`, as headers carry what is not ASCII. */
function decodedWords(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([qb])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(text, 'base64').toString()
        : quotedPrintable(text.replaceAll('_', ' ')),
    );
}

function decoded(body: string, encoding: string | undefined): string {
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  return encoding === 'quoted-printable' ? quotedPrintable(body.replaceAll(/=\r\n/g, '')) : body;
}

const quotedPrintable = (text: string) =>
  Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();
