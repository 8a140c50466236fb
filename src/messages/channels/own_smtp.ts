import type { Socket } from 'node:net';
import { createTransport } from 'nodemailer';
import { connectOutbound } from '../../security/outbound_socket.ts';
import type { ChannelDriver } from './channel.ts';
import { SMTP_TIMEOUTS, smtpDriver } from './smtp.ts';

export type OwnSmtpOptions = {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly auth: 'plain' | 'login' | 'crammd5';
  readonly from: string;
  /** The operator allows the host: it may be in a private network. */
  readonly allowed: boolean;
  /** Says nothing that matters without TLS. */
  readonly requireTls: boolean;
};

/** Where TLS begins with the connection (RFC 8314); everywhere else by STARTTLS. */
const IMPLICIT_TLS_PORT = 465;
/** For a whole attempt: a tenant's own server keeps fewer waiting than the operator's, and gets less patience. */
const ATTEMPT_TIMEOUT_MS = 20_000;
/** For the goodbye. A server that keeps its end open must not keep ours as well. */
const GOODBYE_MS = 1_000;
const METHODS = { plain: 'PLAIN', login: 'LOGIN', crammd5: 'CRAM-MD5' } as const;

/**
 * Sends mails by a tenant's own server. One connection a mail, so that nothing outlives a change of the settings.
 * The password is said to nobody but the named host, by a certificate for its name.
 */
export function createOwnSmtp(options: OwnSmtpOptions): ChannelDriver {
  const { host, port, username, password, auth, from, allowed, requireTls } = options;
  const secure = port === IMPLICIT_TLS_PORT;
  const sockets = new Set<Socket>();
  const transport = createTransport({
    ...SMTP_TIMEOUTS,
    host,
    port,
    secure,
    requireTLS: !secure && requireTls,
    auth: { user: username, pass: password },
    authMethod: METHODS[auth],
    getSocket: (_options: unknown, callback: (error: Error | null, with_?: object) => void) =>
      connectOutbound(
        { host, port, allowed, timeoutMs: SMTP_TIMEOUTS.connectionTimeout },
        (error, connection) => {
          if (connection === undefined) return callback(error);
          sockets.add(connection);
          callback(null, { connection });
        },
      ),
  });
  const driver = smtpDriver(transport, { from, timeoutMs: ATTEMPT_TIMEOUT_MS });
  return {
    ...driver,
    async send(parcel, signal) {
      const outcome = await driver.send(parcel, signal);
      setTimeout(() => sockets.forEach((socket) => socket.destroy()), outcome.ok ? GOODBYE_MS : 0).unref();
      return outcome;
    },
  };
}
