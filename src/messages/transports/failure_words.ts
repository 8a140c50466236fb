/** Failures with a cause of their own, by their class. Nothing that the other side has said: it could hold anything. */
const WORDS: Readonly<Record<string, string>> = {
  smtp_auth: 'the mail server refused the username, the password or the way of signing in',
  smtp_tls:
    'no trusted TLS connection could be made: the mail server offers no STARTTLS, or its certificate is not valid for its name',
  connection: 'no connection could be made, or it broke off: check the host and the port',
  timeout: 'there was no answer in time: check the host and the port',
  stopped: 'the server is being stopped: try again',
  no_transport: 'the operator has set up no way for such messages to leave',
  not_opened: 'the stored secret was sealed under a master key that is gone: send it again',
  http_401: 'the gateway refused the credentials (401)',
  http_403: 'the gateway refused the credentials (403)',
  http_404: 'the gateway knows no such account or address (404)',
  http_429: 'the gateway takes no more messages at the moment (429)',
};

/** Why a message did not leave, in words for an administrator. */
export function failureWords(error: string): string {
  const words = WORDS[error];
  if (words !== undefined) return words;
  const [, kind, status] = /^(smtp|http)_(\d{3})$/.exec(error) ?? [];
  if (kind === 'smtp') return `the mail server answered ${status}: it does not take the message`;
  if (kind === 'http') return `the gateway answered ${status}: it does not take the message`;
  return 'the message could not be sent';
}
