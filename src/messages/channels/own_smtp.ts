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
const METHODS = { plain: 'PLAIN', login: 'LOGIN', crammd5: 'CRAM-MD5' } as const;

/**
 * Sends mails by a tenant's own server. One connection a mail, so that nothing outlives a change of the settings.
 * The password is said to nobody but the named host, by a certificate for its name.
 */
export function createOwnSmtp(options: OwnSmtpOptions): ChannelDriver {
  const { host, port, username, password, auth, from, allowed, requireTls } = options;
  const secure = port === IMPLICIT_TLS_PORT;
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
        (error, connection) => (connection ? callback(null, { connection }) : callback(error)),
      ),
  });
  return smtpDriver(transport, { from, timeoutMs: ATTEMPT_TIMEOUT_MS });
}
