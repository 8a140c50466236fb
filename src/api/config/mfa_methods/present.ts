import type { Transport } from '../../../messages/transports/transport.ts';
import type { Answer } from '../../route.ts';

/** A transport as it leaves: whatever is secret stays. */
export const presentMfaMethod = (transport: Transport): object => ({
  id: transport.id,
  tenant_id: transport.tenantId,
  mechanism: transport.channel,
  enabled: transport.enabled,
  ...presentSettings(transport),
});

export const answerMfaMethod = (transport: Transport): Answer => ({
  body: presentMfaMethod(transport),
  version: transport.rowVersion,
});

function presentSettings({ channel, settings }: Transport): { auth: object; settings: object } {
  const { provider } = settings;
  switch (provider) {
    case 'embedded':
      return { auth: {}, settings: { [channel]: { provider } } };
    case 'smtp': {
      const { host, port, username, auth, from } = settings;
      return {
        auth: { email: { host, port, username, auth } },
        settings: { email: { provider, custom_from: from } },
      };
    }
    case 'twilio':
      return {
        auth: { sms: { sid: settings.sid } },
        settings: { sms: { provider, custom_source: settings.from } },
      };
    case 'webhook':
      return { auth: { sms: { url: settings.url } }, settings: { sms: { provider } } };
  }
}
