import { createTransport, type Transporter } from 'nodemailer';
import { MOST_IN_FLIGHT } from '../destinations.ts';
import type { ChannelDriver, Outcome, Parcel } from './channel.ts';

export type SmtpOptions = {
  /** `smtp:` or `smtps:`, credentials included. */
  readonly url: string;
  /** `id@example.com` or `Weir <id@example.com>`. */
  readonly from: string;
  /** Milliseconds for a whole attempt. Default: 45 s, for a server that trickles; well under a message's lease. */
  readonly timeoutMs?: number;
};

const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 20_000;
const ATTEMPT_TIMEOUT_MS = 45_000;
const IDLE_MS = 30_000;

/** Of the steps of an attempt, in milliseconds. */
export const SMTP_TIMEOUTS = {
  connectionTimeout: CONNECT_TIMEOUT_MS,
  greetingTimeout: CONNECT_TIMEOUT_MS,
  dnsTimeout: CONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_TIMEOUT_MS,
} as const;

/** Sends mails by SMTP (RFC 5321) over few connections that are kept. One recipient, the one given, each time. */
export function createSmtp({ url, from, timeoutMs = ATTEMPT_TIMEOUT_MS }: SmtpOptions): ChannelDriver {
  const transport = createTransport({
    ...SMTP_TIMEOUTS,
    url,
    pool: true,
    // Every attempt has a connection of its own: none waits behind another's slow recipient.
    maxConnections: MOST_IN_FLIGHT,
    // Whether an attempt is repeated is the outbox's business.
    maxRequeues: 0,
    idleTimeout: IDLE_MS,
  });
  return smtpDriver(transport, { from, timeoutMs });
}

/** The way out that a transport of the library's is. */
export function smtpDriver(
  transport: Pick<Transporter, 'sendMail' | 'close'>,
  { from, timeoutMs }: { readonly from: string; readonly timeoutMs: number },
): ChannelDriver {
  const sender = parseSender(from);
  return {
    name: 'smtp',
    async send(parcel, signal) {
      if (parcel.channel !== 'email') return { ok: false, permanent: true, error: 'wrong_channel' };
      if (!isOneAddress(parcel.to)) return { ok: false, permanent: true, error: 'bad_address' };
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        await transport.sendMail({
          ...contentOf(parcel, sender),
          signal: AbortSignal.any([signal, timeout]),
        });
        return { ok: true, by: 'smtp' };
      } catch (error) {
        if (signal.aborted) return { ok: false, permanent: false, error: 'stopped' };
        return timeout.aborted ? timedOut : outcomeOf(error as SmtpError);
      }
    },
    close: () => transport.close(),
  };
}

/**
 * Connects and signs in, without sending anything.
 * @returns undefined when the server is ready, else a code such as `EAUTH` or `ETIMEDOUT`.
 */
export async function smtpFailure(url: string, timeoutMs: number): Promise<string | undefined> {
  const limits = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
  const transport = createTransport({ url, ...limits, dnsTimeout: timeoutMs });
  try {
    await transport.verify();
    return undefined;
  } catch (error) {
    return (error as SmtpError).code ?? 'failed';
  } finally {
    transport.close();
  }
}

type Sender = { readonly name: string; readonly address: string };

function contentOf(parcel: Parcel & { channel: 'email' }, sender: Sender) {
  const domain = sender.address.slice(sender.address.lastIndexOf('@') + 1);
  return {
    // Objects are taken as they are; texts would be read as lists of addresses.
    from: sender,
    to: { name: '', address: parcel.to },
    envelope: { from: sender.address, to: [parcel.to] },
    messageId: `<${parcel.id}@${domain}>`,
    date: parcel.createdAt,
    subject: parcel.mail.subject,
    text: parcel.mail.text,
    html: parcel.mail.html,
    headers: {
      'Content-Language': parcel.mail.locale,
      // RFC 3834 §5: no holiday notes back.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
    xMailer: false as const,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

type SmtpError = {
  readonly code?: string;
  /** Of the socket, where the library has put a code of its own in its place. */
  readonly originalCode?: string;
  readonly responseCode?: number;
};

/** How Node and OpenSSL call what is wrong with a handshake or a certificate. */
const TLS_FAILURE = /^(ERR_TLS|ERR_SSL|CERT|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED)_/;

const timedOut: Outcome = { ok: false, permanent: false, error: 'timeout', slow: true };

/**
 * A 5xx about this recipient or this message is final (RFC 5321 §4.2.1). One about us, such as refused
 * credentials, is for the operator to put right, and the message waits.
 */
function outcomeOf({ code, originalCode = '', responseCode }: SmtpError): Outcome {
  if (code === 'ETIMEDOUT') return timedOut;
  if (code === 'EAUTH' || code === 'ENOAUTH') return { ok: false, permanent: false, error: 'smtp_auth' };
  // No STARTTLS where TLS is a must, or a certificate that is not the host's.
  if (code === 'ETLS' || TLS_FAILURE.test(originalCode))
    return { ok: false, permanent: false, error: 'smtp_tls' };
  if (responseCode === undefined) return { ok: false, permanent: false, error: 'connection' };
  const isAboutTheMessage = code === 'EENVELOPE' || code === 'EMESSAGE';
  const error = `smtp_${responseCode}`;
  return { ok: false, permanent: isAboutTheMessage && responseCode >= 500, error };
}

/**
 * Whether a stored address is one address and nothing else: no list, no comment, no quoted part, no control
 * characters. Looked at before any parser that knows more than that.
 */
export function isOneAddress(address: string): boolean {
  const [local = '', domain = '', ...rest] = address.split('@');
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const isPlain = !/[\u0000-\u0020\u007f-\u00a0\u2028\u2029"(),:;<>[\\\]]/.test(address);
  return rest.length === 0 && local !== '' && domain !== '' && address.length <= 254 && isPlain;
}

/** `id@example.com` or `Weir <id@example.com>` in its two parts. */
export function parseSender(from: string): Sender {
  const [, name = '', address = from] = /^([^<>]*)<([^<>]+)>$/.exec(from) ?? [];
  return { name: name.trim().replace(/^"(.*)"$/, '$1'), address };
}
