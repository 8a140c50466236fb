import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { bootstrapDescriptionSchema } from './bootstrap_description.ts';

const MASTER_KEY_BYTES = 32; // AES-256
const COOKIE_KEY_MIN_CHARS = 32;

// Values come as JSON from files and as text from the environment: both forms are accepted.
const integer = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,10}$/)
          .transform(Number),
      ],
      { error: message },
    )
    .pipe(z.int({ error: message }).min(min, { error: message }).max(max, { error: message }));
};

const list = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').map((item) => item.trim())),
]);

const urlWith = (protocols: readonly string[], message: string) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    error: message,
  });

const publicUrl = z.string().transform((value, context) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isOrigin = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password;
  if (isOrigin && ['http:', 'https:'].includes(url.protocol)) return url.origin;
  context.addIssue('must be an http(s) origin such as https://id.example.com, without path, query or user');
  return z.NEVER;
});

function isCidr(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

const trustProxy = list.refine((items) => items.every(isCidr), {
  error: 'must be a comma-separated list of addresses or CIDR ranges, such as 10.0.0.0/8,fd00::/8',
});

const masterKeys = z.string().transform((value, context) => {
  const keys = value.split(',').map((entry) => {
    const [kid = '', key = '', ...rest] = entry.trim().split(':');
    const decoded = Buffer.from(key, 'base64');
    const isKey = decoded.length === MASTER_KEY_BYTES && decoded.toString('base64') === key;
    return isKey && rest.length === 0 && /^[A-Za-z0-9_-]{1,32}$/.test(kid) ? { kid, key } : undefined;
  });
  const valid = keys.filter((key) => key !== undefined);
  if (valid.length !== keys.length) {
    context.addIssue('must be kid:base64-of-32-bytes, several separated by commas, the first one seals');
    return z.NEVER;
  }
  if (new Set(valid.map(({ kid }) => kid)).size !== valid.length) {
    context.addIssue('names the same kid twice');
    return z.NEVER;
  }
  return valid;
});

const cookieKeys = z
  .string()
  .transform((value) => value.split(',').map((key) => key.trim()))
  .refine((keys) => keys.every((key) => key.length >= COOKIE_KEY_MIN_CHARS), {
    error: `must be one or more keys of at least ${COOKIE_KEY_MIN_CHARS} characters, separated by commas, the first one signs`,
  });

const mailFrom = z.string().regex(/^[^\r\n<>]*<[^\s<>@]+@[^\s<>@]+>$|^[^\s<>@]+@[^\s<>@]+$/, {
  error: 'must be an address, or Name <address>',
});

const id = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, {
  error: 'must be 1 to 63 characters of a-z 0-9 _ -, starting with a letter or digit',
});

const generatedSecret = (minChars: number) =>
  z
    .string()
    .min(minChars, { error: `must have at least ${minChars} characters` })
    .max(200, {
      error: 'must have at most 200 characters',
    });

/** Everything that can be set, whichever source it comes from. The only description of the configuration. */
export const configSchema = z.strictObject({
  env: z.enum(['development', 'production', 'test'], { error: 'must be development, production or test' }),
  host: z
    .string()
    .regex(/^[A-Za-z0-9.:_-]{1,255}$/, { error: 'must be a host name or address to listen on' }),
  port: integer(0, 65535), // 0: any free port, for tests
  publicUrl: publicUrl.optional(),
  databaseUrl: urlWith(
    ['postgres:', 'postgresql:'],
    'must be a URL such as postgres://user:password@host:5432/database',
  ).optional(),
  dataDir: z.string().min(1, { error: 'must be a directory' }),
  masterKeys: masterKeys.default([]),
  cookieKeys: cookieKeys.default([]),
  smtpUrl: urlWith(['smtp:', 'smtps:'], 'must be a URL such as smtps://user:password@host:465').optional(),
  mailFrom: mailFrom.optional(),
  smsDriver: z
    .enum(['log', 'webhook', 'twilio'], { error: 'must be one of log, webhook, twilio' })
    .optional(),
  smsWebhookUrl: urlWith(
    ['http:', 'https:'],
    'must be a URL such as https://sms.example.com/messages',
  ).optional(),
  smsWebhookSecret: generatedSecret(32).optional(),
  twilioAccountSid: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/, { error: 'must be AC and 32 hexadecimal digits' })
    .optional(),
  twilioAuthToken: generatedSecret(16).optional(),
  twilioFrom: z
    .string()
    .regex(/^(\+[1-9]\d{6,14}|MG[0-9a-f]{32}|[A-Za-z0-9 ]{1,11})$/, {
      error: 'must be a number such as +15550001111, a sender name, or a messaging service (MG...)',
    })
    .optional(),
  twilioApiUrl: urlWith(['http:', 'https:'], 'must be a URL such as https://api.twilio.com'),
  trustProxy,
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    error: 'must be one of fatal, error, warn, info, debug, trace, silent',
  }),
  webConcurrency: integer(1, 128),
  sourceAttemptLimit: integer(1, 1_000_000),
  apiRateLimit: integer(0, 10_000_000),
  auditRetentionDays: integer(0, 36_500),
  demoPort: integer(0, 65535),
  outboundAllowHosts: list.refine((items) => items.every((item) => /^[A-Za-z0-9.:[\]-]{1,255}$/.test(item)), {
    error: 'must be a comma-separated list of hosts',
  }),
  database: z.strictObject({
    poolMax: integer(2, 200),
    statementTimeoutMs: integer(100, 600_000),
    connectTimeoutMs: integer(100, 60_000),
  }),
  providerCacheMax: integer(1, 100_000),
  bootstrap: z.strictObject({
    tenantId: id.optional(),
    adminClientId: id.optional(),
    // What a client secret may be; see clients/client_secret.ts.
    adminClientSecret: generatedSecret(32)
      .regex(/^[\x20-\x7e]*$/, { error: 'must be plain ASCII' })
      .optional(),
    adminEmail: z.email({ error: 'must be an email address' }).max(254).optional(),
    adminPassword: generatedSecret(12).optional(),
    description: bootstrapDescriptionSchema,
  }),
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly DeepReadonly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** The frozen configuration. `publicUrl` is an origin without trailing slash. */
export type Config = DeepReadonly<z.output<typeof configSchema>> & { readonly publicUrl: string };

/** True when `address` lies in one of the `ranges` (addresses or CIDRs), as TRUST_PROXY lists them. */
export function addressIn(ranges: readonly string[], address: string): boolean {
  const plain = address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
  const family = isIP(plain);
  if (family === 0) return false;
  const blocks = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    const type = isIP(network) === 4 ? 'ipv4' : 'ipv6';
    if (prefix === undefined) blocks.addAddress(network, type);
    else blocks.addSubnet(network, Number(prefix), type);
  }
  return blocks.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}
