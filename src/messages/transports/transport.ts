import { isIP } from 'node:net';
import type { Issue } from '../../domain_error.ts';
import { refuseAny } from '../../domain_error.ts';
import { isPublicAddress } from '../../security/outbound.ts';
import { isOpaqueId, OPAQUE_ID_RULE } from '../../tenants/slug.ts';
import { isOneAddress, parseSender } from '../channels/smtp.ts';
import type { Channel } from '../message.ts';

export const SMTP_AUTH_METHODS = ['plain', 'login', 'crammd5'] as const;

/** How messages leave, by provider. `embedded` is the operator's way, with nothing to decide about. */
export type TransportSettings =
  | { readonly provider: 'embedded' }
  | {
      readonly provider: 'smtp';
      readonly host: string;
      readonly port: number;
      readonly username: string;
      readonly auth: (typeof SMTP_AUTH_METHODS)[number];
      /** `id@example.com` or `Harbour <id@example.com>`. */
      readonly from: string;
    }
  | { readonly provider: 'twilio'; readonly sid: string; readonly from: string }
  | { readonly provider: 'webhook'; readonly url: string };

export type Provider = TransportSettings['provider'];

const PROVIDERS: Readonly<Record<Channel, readonly Provider[]>> = {
  email: ['embedded', 'smtp'],
  sms: ['embedded', 'twilio', 'webhook'],
};

/** A tenant's way of sending mails or texts. */
export type Transport = {
  readonly tenantId: string;
  readonly id: string;
  readonly channel: Channel;
  readonly enabled: boolean;
  readonly settings: TransportSettings;
  /** Password, token or key, by provider. It opens at `secretPlace` only. */
  readonly sealedSecret: string | null;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export type TransportKey = { readonly tenantId: string; readonly transportId: string };

/** Shown whole; a tenant tries out a second provider, and hardly a tenth. */
export const MAX_TRANSPORTS = 10;

/** The place that a transport's secret is sealed for. */
export const secretPlace = ({ tenantId, transportId }: TransportKey): string =>
  `message_transport:${tenantId}/${transportId}`;

/** Where mail is handed in (RFC 5321, 8314, 6409), and what providers offer beside it. Nothing else is spoken to. */
const MAIL_PORTS: readonly number[] = [25, 465, 587, 2525];
const HOST_NAME =
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const SID = /^AC[0-9a-f]{32}$/;
const SMS_SENDER = /^(\+[1-9]\d{6,14}|MG[0-9a-f]{32}|[A-Za-z0-9 ]{1,11})$/;
const LONGEST_SENDER = 320;
// As long as the operator's own have to be (SMS_WEBHOOK_SECRET).
const SHORTEST_KEY = 32;

/** Where fields of the settings stand in a request, for the refusals that name them. */
export const POINTERS = {
  host: '/auth/email/host',
  port: '/auth/email/port',
  username: '/auth/email/username',
  from: { smtp: '/settings/email/custom_from', twilio: '/settings/sms/custom_source' },
  sid: '/auth/sms/sid',
  url: '/auth/sms/url',
  secret: { smtp: '/auth/email/password', twilio: '/auth/sms/auth_token', webhook: '/auth/sms/secret' },
} as const;

/** Whether the operator lets a host be anywhere, and at any port. */
export type IsAllowed = (host: string) => boolean;

type CheckedInput = {
  readonly id?: string | undefined;
  readonly channel: Channel;
  readonly settings: TransportSettings;
  readonly secret?: string | undefined;
};

/** Refuses what could not be a transport, naming every reason. */
export function checkTransport({ id, channel, settings, secret }: CheckedInput, isAllowed: IsAllowed): void {
  refuseAny([
    ...(id === undefined || isOpaqueId(id) ? [] : [{ pointer: '/id', message: OPAQUE_ID_RULE }]),
    ...issue(
      PROVIDERS[channel].includes(settings.provider),
      `/settings/${channel}/provider`,
      `must be one of ${PROVIDERS[channel].join(', ')}`,
    ),
    ...settingsIssues(settings, isAllowed),
    ...secretIssues(settings, secret),
  ]);
}

function settingsIssues(settings: TransportSettings, isAllowed: IsAllowed): Issue[] {
  switch (settings.provider) {
    case 'embedded':
      return [];
    case 'smtp':
      return [
        ...hostIssues(settings, isAllowed),
        ...issue(settings.username !== '', POINTERS.username, 'must not be empty'),
        ...issue(
          settings.from.length <= LONGEST_SENDER && isOneAddress(parseSender(settings.from).address),
          POINTERS.from.smtp,
          'must be an address such as id@example.com or Harbour <id@example.com>: mails of a server of your own have a sender of your own',
        ),
      ];
    case 'twilio':
      return [
        ...issue(SID.test(settings.sid), POINTERS.sid, 'must be AC and 32 hexadecimal digits'),
        ...issue(
          SMS_SENDER.test(settings.from),
          POINTERS.from.twilio,
          'must be a number such as +15550001111, a sender name, or a messaging service (MG...)',
        ),
      ];
    case 'webhook':
      return urlIssues(settings.url, isAllowed);
  }
}

function hostIssues({ host, port }: { host: string; port: number }, isAllowed: IsAllowed): Issue[] {
  if (isAllowed(host)) return [];
  const isAddress = isIP(host) !== 0;
  return [
    ...issue(
      isAddress ? isPublicAddress(host) : HOST_NAME.test(host),
      POINTERS.host,
      'must be the name of a mail server in the public internet, such as smtp.example.com',
    ),
    ...issue(MAIL_PORTS.includes(port), POINTERS.port, `must be one of ${MAIL_PORTS.join(', ')}`),
  ];
}

function urlIssues(text: string, isAllowed: IsAllowed): Issue[] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.password === '' && url.hash === '';
  const isGood =
    isPlain &&
    (isAllowed(url.hostname)
      ? ['http:', 'https:'].includes(url.protocol)
      : url.protocol === 'https:' && !isSpecialAddress(url.hostname));
  return issue(
    isGood,
    POINTERS.url,
    'must be an https URL in the public internet, without credentials or fragment',
  );
}

function isSpecialAddress(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) !== 0 && !isPublicAddress(address);
}

function secretIssues({ provider }: TransportSettings, secret: string | undefined): Issue[] {
  if (secret === undefined) return [];
  if (provider === 'embedded') {
    return [{ pointer: '/secret', message: 'does not go with provider "embedded"' }];
  }
  const pointer = POINTERS.secret[provider];
  return provider === 'webhook'
    ? issue(secret.length >= SHORTEST_KEY, pointer, `must be at least ${SHORTEST_KEY} characters`)
    : issue(secret !== '', pointer, 'must not be empty');
}

const issue = (isGood: boolean, pointer: string, message: string): Issue[] =>
  isGood ? [] : [{ pointer, message }];

/**
 * What of a change makes the stored secret a secret for somebody else: who may change settings must not have it
 * sent to a host of theirs. Gives where the secret has to be said again, or undefined when it may stay.
 */
export function secretNeeded(
  settings: TransportSettings,
  current: TransportSettings | undefined,
): string | undefined {
  if (settings.provider === 'embedded') return undefined;
  const goesTo = (one: TransportSettings | undefined): string =>
    JSON.stringify(one === undefined ? [] : destinationParts(one));
  return goesTo(settings) === goesTo(current) ? undefined : POINTERS.secret[settings.provider];
}

function destinationParts(settings: TransportSettings): readonly unknown[] {
  switch (settings.provider) {
    case 'embedded':
      return ['embedded'];
    case 'smtp':
      return ['smtp', settings.host.toLowerCase(), settings.port, settings.username];
    case 'twilio':
      return ['twilio', settings.sid];
    case 'webhook':
      return ['webhook', settings.url];
  }
}
