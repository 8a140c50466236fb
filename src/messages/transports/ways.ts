import { createOutboundFetch } from '../../security/outbound.ts';
import type { Sealer } from '../../security/seal.ts';
import type { ChannelDriver } from '../channels/channel.ts';
import { GATEWAY_TIMEOUT_MS } from '../channels/http_outcome.ts';
import { createChannels, type ChannelDeps, type Channels } from '../channels/index.ts';
import { createOwnSmtp } from '../channels/own_smtp.ts';
import { createSmsWebhook } from '../channels/sms_webhook.ts';
import { createTwilio } from '../channels/twilio.ts';
import type { Channel } from '../message.ts';
import { secretPlace, type IsAllowed, type TransportSettings } from './transport.ts';

/** What a message needs to know of the transport that it leaves by. */
export type OwnTransport = {
  readonly tenantId: string;
  readonly transportId: string;
  readonly settings: TransportSettings;
  readonly sealedSecret: string | null;
};

/** Every way by which messages leave: the operator's, and those of tenants. */
export type Ways = {
  readonly operators: Channels;
  /**
   * The way of a message: of the tenant's own transport, else the operator's. Made anew each time and kept nowhere,
   * so that a change holds from the next message on, in every process. Throws `SealError` for a secret that does
   * not open.
   */
  of(channel: Channel, own: OwnTransport | null): ChannelDriver;
  /** Whether the operator lets a tenant's transport name this host, wherever it is. */
  readonly isAllowed: IsAllowed;
};

export type WaysDeps = Omit<ChannelDeps, 'log'> &
  Partial<Pick<ChannelDeps, 'log'>> & { readonly sealer: Sealer };

/** @param log where texts are written that leave no further; nowhere when absent, for what sends none. */
export function createWays({ config, sealer, log = () => {} }: WaysDeps): Ways {
  const operators = createChannels({ config, log });
  const allowedHosts = new Set(config.outboundAllowHosts.map((host) => host.toLowerCase()));
  const isAllowed: IsAllowed = (host) => allowedHosts.has(host.toLowerCase());
  const outbound = { allowHosts: config.outboundAllowHosts, timeoutMs: GATEWAY_TIMEOUT_MS };
  const fetchForTenants = createOutboundFetch(outbound);
  const fetchForTwilio = createOutboundFetch({
    ...outbound,
    allowHosts: [new URL(config.twilioApiUrl).host],
  });

  return {
    operators,
    isAllowed,
    of(channel, own) {
      if (own === null || own.settings.provider === 'embedded') return operators[channel];
      const { settings } = own;
      const secret = sealer.open(own.sealedSecret ?? '', secretPlace(own));
      if (settings.provider === 'smtp') {
        const allowed = isAllowed(settings.host);
        // What the operator allows is a test's: production refuses OUTBOUND_ALLOW_HOSTS.
        return createOwnSmtp({ ...settings, password: secret, allowed, requireTls: !allowed });
      }
      if (settings.provider === 'webhook') {
        return createSmsWebhook({ url: settings.url, secret, fetch: fetchForTenants });
      }
      return createTwilio({
        // Which of Twilio's regions is the operator's choice: it decides where data goes.
        apiUrl: config.twilioApiUrl,
        accountSid: settings.sid,
        authToken: secret,
        from: settings.from,
        fetch: fetchForTwilio,
      });
    },
  };
}
