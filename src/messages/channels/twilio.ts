import type { ChannelDriver } from './channel.ts';
import { outcomeOfFailure, outcomeOfStatus } from './http_outcome.ts';

export type TwilioOptions = {
  /** `https://api.twilio.com`, or that of a region. */
  readonly apiUrl: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** A number, a sender name, or a messaging service (`MG...`). */
  readonly from: string;
  readonly fetch: typeof globalThis.fetch;
};

/** Sends texts by Twilio's REST API: `POST /2010-04-01/Accounts/{sid}/Messages.json` with a form. */
export function createTwilio(options: TwilioOptions): ChannelDriver {
  const { apiUrl, accountSid, authToken, from, fetch } = options;
  const url = new URL(`/2010-04-01/Accounts/${encodeURIComponent(accountSid)}/Messages.json`, apiUrl).href;
  const sender = from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from };
  return {
    name: 'twilio',
    async send(parcel, signal) {
      if (parcel.channel !== 'sms') return { ok: false, permanent: true, error: 'wrong_channel' };
      const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64');
      try {
        const { status } = await fetch(url, {
          method: 'POST',
          headers: { authorization: `Basic ${credentials}` },
          body: new URLSearchParams({ To: parcel.to, Body: parcel.text, ...sender }),
          signal,
        });
        return outcomeOfStatus('twilio', status);
      } catch (error) {
        return outcomeOfFailure(error, signal);
      }
    },
    close: () => {},
  };
}
