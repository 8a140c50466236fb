import { z } from 'zod';
import { STRENGTHS } from '../../../pools/password_policy.ts';
import {
  HASHING_METHODS,
  MECHANISMS,
  OTP_TYPES,
  POOL_DEFAULTS,
  type Mechanism,
  type OtpSettings,
} from '../../../pools/pool.ts';
import type { NewPoolInput } from '../../../pools/pool_service.ts';
import { duration, durationAnswer, durationText, freeMap, id, line, readOnly } from '../../fields.ts';
import { isSlug } from '../../../tenants/slug.ts';
import { pagingQuery } from '../../paging.ts';

const mechanism = z.enum([...MECHANISMS, 'otp']);
const mechanisms = z.array(mechanism).max(12);
const count = z.int().min(0).max(1_000_000);

const passwordPolicy = {
  strength: z.enum(STRENGTHS),
  min_length: count,
  capital_letters: count,
  lowercase_letters: count,
  digits: count,
  special_characters: count,
  not_used_since: count,
};
const hashingMethod = z.enum(HASHING_METHODS);
const resetCredentialsSettings = { do_not_allow_users_to_self_reset_credentials: z.boolean() };

const entries = <T extends z.ZodType>(schema: T) =>
  Object.fromEntries(OTP_TYPES.map((type) => [type, schema])) as Record<(typeof OTP_TYPES)[number], T>;

const common = {
  name: line(64).meta({ description: 'Unique; letters, digits and spaces' }),
  description: line(1000),
  badge_color: line(32),
  payload_schema_id: id,
  metadata_schema_id: id,
  public_registration_allowed: z.boolean().meta({ description: 'People may register themselves' }),
  self_deletion_allowed: z
    .boolean()
    .meta({ description: 'People may delete their accounts themselves, on the account page' }),
  admin_initiated_registration_allowed: z.boolean().meta({ description: 'Administrators may create people' }),
  identifier_case_insensitive: z.boolean(),
  metadata: freeMap,
  labels: z.record(z.string().max(64), z.string().max(256)),
};
const optional = {
  business_metadata_schema_id: id.optional(),
  second_factor_threshold: z.number().optional(),
};

/** What creates or replaces a pool (contract 1.3). */
export const PoolBody = z
  .strictObject({
    ...common,
    ...optional,
    id: z.string().max(64).optional(),
    description: common.description.optional(),
    badge_color: common.badge_color.optional(),
    payload_schema_id: id.optional(),
    metadata_schema_id: id.optional(),
    authentication_mechanisms: mechanisms.optional(),
    preferred_authentication_mechanism: mechanism.optional(),
    second_factor_authentication_mechanisms: mechanisms.optional(),
    second_factor_preferred_authentication_mechanism: mechanism.optional(),
    mfa_session_ttl: durationText.optional(),
    public_registration_allowed: common.public_registration_allowed.optional(),
    self_deletion_allowed: common.self_deletion_allowed.optional(),
    admin_initiated_registration_allowed: common.admin_initiated_registration_allowed.optional(),
    identifier_case_insensitive: common.identifier_case_insensitive.optional(),
    password_policy: z.strictObject(passwordPolicy).partial().optional(),
    password_settings: z
      .strictObject({ hashing_method: hashingMethod, expires_after: duration })
      .partial()
      .optional(),
    otp_settings: z
      .strictObject(entries(z.strictObject({ length: count, ttl: duration }).partial()))
      .partial()
      .optional(),
    reset_credentials_settings: z.strictObject(resetCredentialsSettings).partial().optional(),
    metadata: freeMap.optional(),
    labels: common.labels.optional(),
    tenant_id: readOnly,
    workspace_id: z.string().max(64).optional().meta({
      description: 'At creation: the workspace that the pool belongs to; empty: any may connect it',
    }),
    system: readOnly,
    deleted: readOnly,
    number_of_users: readOnly,
    number_of_standard_users: readOnly,
    number_of_jit_users: readOnly,
  })
  .meta({ id: 'Pool' });

/** A pool with its counters. */
export const PoolResponse = z
  .strictObject({
    ...common,
    ...optional,
    id,
    tenant_id: id,
    workspace_id: z.string(),
    authentication_mechanisms: z.array(z.enum(MECHANISMS)),
    preferred_authentication_mechanism: z.enum(MECHANISMS).optional(),
    second_factor_authentication_mechanisms: z.array(z.enum(MECHANISMS)),
    second_factor_preferred_authentication_mechanism: z.enum(MECHANISMS).optional(),
    mfa_session_ttl: durationAnswer.optional(),
    password_policy: z.strictObject(passwordPolicy),
    password_settings: z.strictObject({ hashing_method: hashingMethod, expires_after: durationAnswer }),
    otp_settings: z.strictObject(entries(z.strictObject({ length: count, ttl: durationAnswer }))),
    reset_credentials_settings: z.strictObject(resetCredentialsSettings),
    system: z.boolean(),
    deleted: z.boolean(),
    number_of_users: count,
    number_of_standard_users: count,
    number_of_jit_users: count,
  })
  .meta({ id: 'PoolResponse' });

export const PoolsResponse = z.strictObject({ pools: z.array(PoolResponse) }).meta({ id: 'Pools' });

export const PoolsQuery = z.strictObject({
  ...pagingQuery('pool'),
  search_phrase: z.string().min(1).max(100).optional(),
  sort: z.enum(['id', 'name']).optional(),
  label: z
    .string()
    .max(320)
    .regex(/^[^:]+:/, 'must be key:value')
    .transform((text) => ({
      key: text.slice(0, text.indexOf(':')),
      value: text.slice(text.indexOf(':') + 1),
    }))
    .optional()
    .meta({ description: 'Only pools with this label, as `key:value`' }),
});

const CURSOR = /^[A-Za-z0-9_-]{1,128}$/;

export const UserPoolsQuery = z.strictObject({
  limit: pagingQuery('pool').limit,
  cursor: z
    .string()
    .regex(CURSOR, 'is not a cursor of an answer')
    .transform((text) => Buffer.from(text, 'base64url').toString())
    .refine(isSlug, 'is not a cursor of an answer')
    .optional()
    .meta({ description: 'From the answer before; absent: the first page' }),
});

/** Where the next page begins. */
export const cursorOf = (poolId: string): string => Buffer.from(poolId).toString('base64url');

export const UserPools = z
  .strictObject({ pools: z.array(PoolResponse), cursor: z.string().optional() })
  .meta({ id: 'UserPools' });

export const WithIdpQuery = z.strictObject({
  with_idp: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
});

type Body = z.output<typeof PoolBody>;

/** The body in the words of the domain. `otp` is the older name for both ways of sending a code. */
export function toPoolInput(body: Body): NewPoolInput {
  return {
    id: body.id,
    name: body.name,
    description: body.description,
    badgeColor: body.badge_color,
    payloadSchemaId: body.payload_schema_id,
    metadataSchemaId: body.metadata_schema_id,
    businessMetadataSchemaId: body.business_metadata_schema_id,
    authenticationMechanisms: split(body.authentication_mechanisms),
    preferredAuthenticationMechanism: preferred(
      body.preferred_authentication_mechanism,
      body.authentication_mechanisms,
    ),
    secondFactorAuthenticationMechanisms: split(body.second_factor_authentication_mechanisms),
    secondFactorPreferredAuthenticationMechanism: preferred(
      body.second_factor_preferred_authentication_mechanism,
      body.second_factor_authentication_mechanisms,
    ),
    secondFactorThreshold: body.second_factor_threshold,
    mfaSessionTtl: body.mfa_session_ttl,
    publicRegistrationAllowed: body.public_registration_allowed,
    selfDeletionAllowed: body.self_deletion_allowed,
    adminInitiatedRegistrationAllowed: body.admin_initiated_registration_allowed,
    identifierCaseInsensitive: body.identifier_case_insensitive,
    passwordPolicy: body.password_policy && toPasswordPolicy(body.password_policy),
    passwordSettings: body.password_settings && {
      hashingMethod: body.password_settings.hashing_method ?? POOL_DEFAULTS.passwordSettings.hashingMethod,
      expiresAfterSeconds:
        body.password_settings.expires_after ?? POOL_DEFAULTS.passwordSettings.expiresAfterSeconds,
    },
    otpSettings: body.otp_settings && toOtpSettings(body.otp_settings),
    resetCredentialsSettings: body.reset_credentials_settings && {
      doNotAllowUsersToSelfResetCredentials:
        body.reset_credentials_settings.do_not_allow_users_to_self_reset_credentials ?? false,
    },
    metadata: body.metadata,
    labels: body.labels,
  };
}

type WireMechanism = z.output<typeof mechanism>;

/** One mechanism: of the two that `otp` means the one that the pool has. */
function preferred(
  one: WireMechanism | undefined,
  list: readonly WireMechanism[] | undefined,
): Mechanism | undefined {
  const meant = one && split([one]);
  return meant?.find((mechanism) => split(list)?.includes(mechanism)) ?? meant?.[0];
}
const split = (list: readonly WireMechanism[] | undefined): Mechanism[] | undefined =>
  list && [...new Set(list.flatMap((one) => (one === 'otp' ? (['email_otp', 'sms_otp'] as const) : [one])))];

function toPasswordPolicy(policy: NonNullable<Body['password_policy']>) {
  const defaults = POOL_DEFAULTS.passwordPolicy;
  return {
    strength: policy.strength ?? defaults.strength,
    minLength: policy.min_length ?? defaults.minLength,
    capitalLetters: policy.capital_letters ?? defaults.capitalLetters,
    lowercaseLetters: policy.lowercase_letters ?? defaults.lowercaseLetters,
    digits: policy.digits ?? defaults.digits,
    specialCharacters: policy.special_characters ?? defaults.specialCharacters,
    notUsedSince: policy.not_used_since ?? defaults.notUsedSince,
  };
}

function toOtpSettings(given: NonNullable<Body['otp_settings']>): OtpSettings {
  return Object.fromEntries(
    OTP_TYPES.map((type) => {
      const defaults = POOL_DEFAULTS.otpSettings[type];
      const { length = defaults.length, ttl = defaults.ttlSeconds } = given[type] ?? {};
      return [type, { length, ttlSeconds: ttl }];
    }),
  ) as OtpSettings;
}
