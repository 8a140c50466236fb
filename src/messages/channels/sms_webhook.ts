import { createHmac } from 'node:crypto';
import type { ChannelDriver } from './channel.ts';
import { outcomeOfFailure, outcomeOfStatus } from './http_outcome.ts';

export type SmsWebhookOptions = {
  readonly url: string;
  readonly secret: string;
  readonly fetch: typeof globalThis.fetch;
};

/**
 * Hands texts to a gateway of the operator's: a POST of `{id, to, text}` as JSON. `Weir-Signature` is
 * `t=<Unix seconds>,v1=<hex HMAC-SHA-256 of "t.body" under the secret>`, so that the gateway can tell that the
 * request is ours and of now; `Idempotency-Key` is the message's id, the same at every attempt.
 */
export function createSmsWebhook({ url, secret, fetch }: SmsWebhookOptions): ChannelDriver {
  return {
    name: 'webhook',
    async send(parcel, signal) {
      if (parcel.channel !== 'sms') return { ok: false, permanent: true, error: 'wrong_channel' };
      const body = JSON.stringify({ id: parcel.id, to: parcel.to, text: parcel.text });
      try {
        const { status } = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'idempotency-key': parcel.id,
            'weir-signature': signature(secret, Math.floor(Date.now() / 1000), body),
          },
          body,
          signal,
        });
        return outcomeOfStatus('webhook', status);
      } catch (error) {
        return outcomeOfFailure(error, signal);
      }
    },
    close: () => {},
  };
}

function signature(secret: string, seconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`, 'utf8').digest('hex');
  return `t=${seconds},v1=${mac}`;
}
