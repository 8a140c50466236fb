import { z } from 'zod';
import type { Issue } from '../../../domain_error.ts';
import { refuseAny } from '../../../domain_error.ts';
import type { Channel } from '../../../messages/message.ts';
import type { TransportInput } from '../../../messages/transports/transport_service.ts';
import { SMTP_AUTH_METHODS, type TransportSettings } from '../../../messages/transports/transport.ts';
import { id, line, readOnly, uri } from '../../fields.ts';

/** What is decided elsewhere: sent, it is refused by name instead of being forgotten. */
const decidedElsewhere = (where: string) =>
  z
    .unknown()
    .optional()
    .refine((value) => value === undefined, { error: `cannot be set here: ${where}` })
    .meta({ description: `Refused: ${where}` });

const otp = decidedElsewhere(
  'length and lifetime of codes are decided by each pool, for each purpose, in otp_settings',
);
const WORDS = 'what messages say is decided by the templates of the tenant, at /message-templates';
const secret = (what: string) =>
  line(1_000)
    .optional()
    .meta({
      writeOnly: true,
      description: `${what} Never answered. Left out, the stored one stays, unless it would go to somebody else`,
    });

const smtpServer = {
  host: z.string().max(253).meta({ description: 'The mail server, by name', example: 'smtp.example.com' }),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .meta({ description: '465: TLS from the start; 25, 587, 2525: STARTTLS', example: 587 }),
  username: line(320),
  auth: z.enum(SMTP_AUTH_METHODS).meta({ description: 'How it signs in' }),
};
const smsAccount = {
  sid: z.string().max(64).optional().meta({ description: 'Account SID, for twilio' }),
  url: uri.optional().meta({ description: 'Where the gateway takes texts, for webhook' }),
};
const sender = line(320).optional();
const customFrom = sender.meta({
  description:
    'The sender, for smtp: an address, or `Harbour <id@example.com>`. Mails by `embedded` have the operator’s',
});
const customSource = sender.meta({
  description: 'The sender, for twilio: a number, a sender name or a messaging service (MG...)',
});

const mechanism = z.enum(['email', 'sms']);
const EMAIL_PROVIDERS = ['embedded', 'smtp'] as const;
const SMS_PROVIDERS = ['embedded', 'twilio', 'webhook'] as const;

const body = {
  mechanism,
  enabled: z
    .boolean()
    .meta({ description: 'Whether messages leave by it; one of a mechanism is enabled at most' }),
  auth: z
    .strictObject({
      email: z.strictObject({ ...smtpServer, password: secret('The password.') }).optional(),
      sms: z
        .strictObject({
          ...smsAccount,
          auth_token: secret('The token of the account, for twilio.'),
          secret: secret('The key that requests are signed with, for webhook: 32 characters and more.'),
        })
        .optional(),
    })
    .optional(),
  settings: z
    .strictObject({
      email: z
        .strictObject({
          provider: z.enum(EMAIL_PROVIDERS).optional(),
          custom_from: customFrom,
          custom_message_subject: decidedElsewhere(WORDS),
          custom_message_template: decidedElsewhere(WORDS),
          otp,
        })
        .optional(),
      sms: z
        .strictObject({
          provider: z.enum(SMS_PROVIDERS).optional(),
          custom_source: customSource,
          custom_message_template: decidedElsewhere(WORDS),
          otp,
        })
        .optional(),
    })
    .optional(),
  tenant_id: readOnly,
  default_email_settings: readOnly,
  default_sms_settings: readOnly,
};

/** What creates an MFA method, a way by which mails or texts leave; other fields are refused. */
export const CreateMfaMethodBody = z
  .strictObject({ ...body, id: z.string().max(64).optional() })
  .meta({ id: 'CreateMFAMethodRequest' });

/** The same in a file, where the one secret stands by itself, whatever the provider calls it. */
export const MfaMethodFile = z.strictObject({
  ...body,
  id: z.string().max(64).optional(),
  auth: z
    .strictObject({
      email: z.strictObject(smtpServer).optional(),
      sms: z.strictObject(smsAccount).optional(),
    })
    .optional(),
  secret: line(1_000).optional(),
});

export const UpdateMfaMethodBody = z
  .strictObject({ ...body, id: readOnly })
  .meta({ id: 'UpdateMFAMethodRequest' });

export const MfaMethod = z
  .strictObject({
    id,
    tenant_id: id,
    mechanism,
    enabled: z.boolean(),
    auth: z.strictObject({
      email: z.strictObject(smtpServer).optional(),
      sms: z.strictObject(smsAccount).optional(),
    }),
    settings: z.strictObject({
      email: z.strictObject({ provider: z.enum(EMAIL_PROVIDERS), custom_from: customFrom }).optional(),
      sms: z.strictObject({ provider: z.enum(SMS_PROVIDERS), custom_source: customSource }).optional(),
    }),
  })
  .meta({ id: 'MFAMethod' });

export const MfaMethods = z.strictObject({ mfa_methods: z.array(MfaMethod) }).meta({ id: 'MFAMethods' });

export const TestMfaMethodBody = z
  .strictObject({
    address: line(320).meta({ description: 'A mail address, or a number such as +15550001111' }),
  })
  .meta({ id: 'TestMFAMethodRequest' });

type Body = Omit<z.output<typeof CreateMfaMethodBody>, 'id'>;
type Email = NonNullable<NonNullable<Body['settings']>['email']>;
type Given = { readonly settings: TransportSettings; readonly secret?: string | undefined };

/** The body in the words of the domain. Refuses what does not belong to its mechanism or provider. */
export function toTransportInput(given: Body): TransportInput {
  const other: Channel = given.mechanism === 'email' ? 'sms' : 'email';
  refuseAny([
    ...stray(`/auth/${other}`, given.auth?.[other], `mechanism "${given.mechanism}"`),
    ...stray(`/settings/${other}`, given.settings?.[other], `mechanism "${given.mechanism}"`),
  ]);
  const { settings, secret: said } = given.mechanism === 'email' ? emailOf(given) : smsOf(given);
  return { channel: given.mechanism, enabled: given.enabled, settings, secret: said };
}

function emailOf({ auth, settings }: Body): Given {
  const { provider = 'embedded', custom_from: from = '' }: Email = settings?.email ?? {};
  const of = `provider "${provider}"`;
  if (provider === 'embedded') {
    refuseAny([
      ...stray('/auth/email', auth?.email, of),
      // A sender of one's choice on the operator's server would be a sender that nobody checks.
      ...stray('/settings/email/custom_from', from || undefined, of),
    ]);
    return { settings: { provider } };
  }
  if (auth?.email === undefined) return missing('/auth/email', of);
  const { password, ...server } = auth.email;
  return { settings: { provider, ...server, from }, secret: password };
}

function smsOf({ auth, settings }: Body): Given {
  const { provider = 'embedded', custom_source: from = '' } = settings?.sms ?? {};
  const { sid, auth_token: token, url, secret: key } = auth?.sms ?? {};
  const of = `provider "${provider}"`;
  const ofTwilio = [
    ...stray('/auth/sms/sid', sid, of),
    ...stray('/auth/sms/auth_token', token, of),
    ...stray('/settings/sms/custom_source', from || undefined, of),
  ];
  const ofWebhook = [...stray('/auth/sms/url', url, of), ...stray('/auth/sms/secret', key, of)];
  switch (provider) {
    case 'embedded':
      refuseAny([...ofTwilio, ...ofWebhook]);
      return { settings: { provider } };
    case 'twilio':
      refuseAny(ofWebhook);
      return sid === undefined
        ? missing('/auth/sms/sid', of)
        : { settings: { provider, sid, from }, secret: token };
    case 'webhook':
      refuseAny(ofTwilio);
      return url === undefined ? missing('/auth/sms/url', of) : { settings: { provider, url }, secret: key };
  }
}

const stray = (pointer: string, value: unknown, of: string): Issue[] =>
  value === undefined ? [] : [{ pointer, message: `does not go with ${of}` }];

function missing(pointer: string, of: string): never {
  return refuseAny([{ pointer, message: `must be given with ${of}` }]) as never;
}
