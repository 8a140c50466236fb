import type { Config } from '../../config.ts';
import { createOutboundFetch } from '../../security/outbound.ts';
import type { Channel } from '../message.ts';
import { mailbox, noTransport, type ChannelDriver } from './channel.ts';
import { GATEWAY_TIMEOUT_MS } from './http_outcome.ts';
import { createSmsWebhook } from './sms_webhook.ts';
import { createSmtp } from './smtp.ts';
import { createTwilio } from './twilio.ts';

export type Channels = Readonly<Record<Channel, ChannelDriver>>;

export type ChannelDeps = {
  readonly config: Config;
  /** Where the SMS driver `log` writes. */
  readonly log: (fields: object, message: string) => void;
};

/** The ways out that the configuration names, one a channel. */
export function createChannels({ config, log }: ChannelDeps): Channels {
  // Without a transport: in development people read their mail in the mailbox, in production it waits.
  const fallback = config.env === 'production' ? noTransport : mailbox;
  return { email: mailDriver(config) ?? fallback, sms: smsDriver(config, log) ?? fallback };
}

/** What the start says about channels that lead nowhere. */
export function channelWarnings(config: Config): string[] {
  if (config.env !== 'production') return [];
  const waits = 'such messages wait, and expire with their codes';
  return [
    ...(config.smtpUrl === undefined ? [`SMTP_URL is not set: no mail can be sent; ${waits}`] : []),
    ...(config.smsDriver === undefined ? [`SMS_DRIVER is not set: no text can be sent; ${waits}`] : []),
  ];
}

function mailDriver({ smtpUrl, mailFrom }: Config): ChannelDriver | undefined {
  return smtpUrl === undefined || mailFrom === undefined
    ? undefined
    : createSmtp({ url: smtpUrl, from: mailFrom });
}

function smsDriver(config: Config, log: ChannelDeps['log']): ChannelDriver | undefined {
  if (config.smsDriver === 'log') return smsLog(log);
  if (config.smsDriver === 'webhook') {
    const { smsWebhookUrl: url = '', smsWebhookSecret: secret = '' } = config;
    return createSmsWebhook({ url, secret, fetch: fetchFor(url) });
  }
  if (config.smsDriver === 'twilio') {
    const { twilioApiUrl: apiUrl, twilioAccountSid, twilioAuthToken, twilioFrom } = config;
    return createTwilio({
      apiUrl,
      accountSid: twilioAccountSid ?? '',
      authToken: twilioAuthToken ?? '',
      from: twilioFrom ?? '',
      fetch: fetchFor(apiUrl),
    });
  }
  return undefined;
}

/** The operator named this one host in the configuration, so it may be in the operator's own network. */
const fetchFor = (url: string) =>
  createOutboundFetch({ allowHosts: [new URL(url).host], timeoutMs: GATEWAY_TIMEOUT_MS });

/** For development: the configuration refuses it in production, because the text holds the code. */
const smsLog = (log: ChannelDeps['log']): ChannelDriver => ({
  name: 'log',
  send(parcel) {
    if (parcel.channel !== 'sms') {
      return Promise.resolve({ ok: false, permanent: true, error: 'wrong_channel' });
    }
    log({ to: parcel.to, text: parcel.text, messageId: parcel.id }, 'a text message');
    return Promise.resolve({ ok: true, by: 'log' });
  },
  close: () => {},
});
