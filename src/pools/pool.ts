import type { Brand } from '../branding/brand.ts';
import { PASSWORD_METHODS, type PasswordMethod } from '../credentials/hashers/hasher.ts';
import { refuseAny, type Issue } from '../domain_error.ts';
import { formatDuration, parseDuration } from '../duration.ts';
import { freeMapIssues, type FreeMap } from '../free_map.ts';
import { DEFAULT_PASSWORD_POLICY, passwordPolicyIssues, type PasswordPolicy } from './password_policy.ts';

export type TenantScope = { readonly tenantId: string };
export type PoolScope = { readonly tenantId: string; readonly poolId: string };

/** Ways to prove who one is. On the wire `otp` stands for both of the split ones (contract 1.3). */
export const MECHANISMS = ['totp', 'password', 'email_otp', 'sms_otp', 'webauthn'] as const;
export type Mechanism = (typeof MECHANISMS)[number];

export const OTP_TYPES = [
  'activation',
  'authentication',
  'challenge',
  'reset_password',
  'reset_totp',
  'enroll_webauthn',
  'verify_address',
] as const;
export type OtpType = (typeof OTP_TYPES)[number];
export type OtpSetting = { readonly length: number; readonly ttlSeconds: number };
export type OtpSettings = Readonly<Record<OtpType, OtpSetting>>;

/** As the wire knows them; the last two exist for imported hashes only. */
export const HASHING_METHODS = [...PASSWORD_METHODS, 'sha', 'md5'] as const;
export type PasswordSettings = {
  readonly hashingMethod: (typeof HASHING_METHODS)[number];
  /** 0: passwords never expire. */
  readonly expiresAfterSeconds: number;
};

/** What an administrator decides about a pool (contract 1.3). */
export type PoolSettings = {
  readonly name: string;
  readonly description: string;
  readonly badgeColor: string;
  readonly payloadSchemaId: string;
  readonly metadataSchemaId: string;
  readonly businessMetadataSchemaId: string | null;
  readonly authenticationMechanisms: readonly Mechanism[];
  readonly preferredAuthenticationMechanism: Mechanism | null;
  readonly secondFactorAuthenticationMechanisms: readonly Mechanism[];
  readonly secondFactorPreferredAuthenticationMechanism: Mechanism | null;
  readonly secondFactorThreshold: number | null;
  /** A Go duration in its usual form; null: not decided. */
  readonly mfaSessionTtl: string | null;
  readonly publicRegistrationAllowed: boolean;
  /** People may delete their accounts themselves. */
  readonly selfDeletionAllowed: boolean;
  readonly adminInitiatedRegistrationAllowed: boolean;
  readonly identifierCaseInsensitive: boolean;
  readonly passwordPolicy: PasswordPolicy;
  readonly passwordSettings: PasswordSettings;
  readonly otpSettings: OtpSettings;
  readonly resetCredentialsSettings: { readonly doNotAllowUsersToSelfResetCredentials: boolean };
  readonly metadata: FreeMap;
  readonly labels: Readonly<Record<string, string>>;
};

export type Pool = PoolSettings & {
  readonly tenantId: string;
  readonly id: string;
  /** The workspace it belongs to; null for a tenant-level pool, which any workspace may connect. */
  readonly workspaceId: string | null;
  readonly system: boolean;
  /** How its own pages look; changed by the branding service alone. */
  readonly branding: Brand;
  readonly deletedAt: Date | null;
  readonly rowVersion: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** How many people a pool holds. Apart from the pool, so that a registration does not change its ETag. */
export type PoolCounts = { readonly standardUsers: number; readonly jitUsers: number };
export type CountedPool = Pool & PoolCounts;

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** What a pool gets where its creator says nothing; stored with the pool (contract 6.1, 6.2). */
export const POOL_DEFAULTS: Omit<PoolSettings, 'name'> = {
  description: '',
  badgeColor: '',
  payloadSchemaId: 'user_v0',
  metadataSchemaId: 'metadata_v0',
  businessMetadataSchemaId: null,
  authenticationMechanisms: ['password'],
  preferredAuthenticationMechanism: null,
  secondFactorAuthenticationMechanisms: [],
  secondFactorPreferredAuthenticationMechanism: null,
  secondFactorThreshold: null,
  mfaSessionTtl: null,
  publicRegistrationAllowed: false,
  selfDeletionAllowed: false,
  adminInitiatedRegistrationAllowed: true,
  identifierCaseInsensitive: false,
  passwordPolicy: DEFAULT_PASSWORD_POLICY,
  passwordSettings: { hashingMethod: 'argon2', expiresAfterSeconds: 0 },
  otpSettings: {
    activation: { length: 6, ttlSeconds: 24 * HOUR },
    authentication: { length: 6, ttlSeconds: 5 * MINUTE },
    challenge: { length: 6, ttlSeconds: 5 * MINUTE },
    reset_password: { length: 6, ttlSeconds: 30 * MINUTE },
    reset_totp: { length: 6, ttlSeconds: 30 * MINUTE },
    enroll_webauthn: { length: 6, ttlSeconds: 30 * MINUTE },
    verify_address: { length: 6, ttlSeconds: HOUR },
  },
  resetCredentialsSettings: { doNotAllowUsersToSelfResetCredentials: false },
  metadata: {},
  labels: {},
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9 ]{0,63}$/;
const OTP_LENGTH = { least: 4, most: 10 };
const OTP_TTL_SECONDS = { least: 30, most: 168 * HOUR };
// Ten years: far from what a moment in the database or a cookie can no longer hold.
const MAX_LIFETIME_SECONDS = 87_600 * HOUR;
const LABELS = { most: 32, key: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, valueMost: 256 };

/**
 * Refuses settings that no pool may have, naming every one of them together with what the caller has found wrong
 * already.
 */
export function checkPoolSettings(pool: PoolSettings, found: readonly Issue[] = []): void {
  refuseAny([
    ...nameIssues(pool.name),
    ...found,
    ...mechanismIssues(pool),
    ...passwordPolicyIssues('/password_policy', pool.passwordPolicy),
    ...hashingIssues(pool.passwordSettings),
    ...lifetimeIssues('/password_settings/expires_after', pool.passwordSettings.expiresAfterSeconds),
    ...lifetimeIssues('/mfa_session_ttl', parseDuration(pool.mfaSessionTtl ?? '0s') ?? Infinity),
    ...otpIssues(pool.otpSettings),
    ...freeMapIssues('/metadata', pool.metadata),
    ...labelIssues(pool.labels),
  ]);
}

function nameIssues(name: string): Issue[] {
  if (NAME.test(name) && name === name.trimEnd()) return [];
  return [
    { pointer: '/name', message: 'must be 1 to 64 letters, digits and spaces, with no space at either end' },
  ];
}

function mechanismIssues(pool: PoolSettings): Issue[] {
  const issues: Issue[] = [];
  const prefer = (chosen: Mechanism | null, among: readonly Mechanism[], pointer: string, list: string) => {
    if (chosen !== null && !among.includes(chosen))
      issues.push({ pointer, message: `must be one of ${list}` });
  };
  if (pool.authenticationMechanisms.length === 0) {
    issues.push({ pointer: '/authentication_mechanisms', message: 'must name at least one way to sign in' });
  }
  prefer(
    pool.preferredAuthenticationMechanism,
    pool.authenticationMechanisms,
    '/preferred_authentication_mechanism',
    'authentication_mechanisms',
  );
  prefer(
    pool.secondFactorPreferredAuthenticationMechanism,
    pool.secondFactorAuthenticationMechanisms,
    '/second_factor_preferred_authentication_mechanism',
    'second_factor_authentication_mechanisms',
  );
  const threshold = pool.secondFactorThreshold;
  if (threshold !== null && !(threshold >= 0 && threshold <= 1)) {
    issues.push({ pointer: '/second_factor_threshold', message: 'must be from 0 to 1' });
  }
  return issues;
}

function hashingIssues({ hashingMethod }: PasswordSettings): Issue[] {
  if (isPasswordMethod(hashingMethod)) return [];
  const message = `${hashingMethod} is for imported hashes only: choose argon2, bcrypt or pbkdf2`;
  return [{ pointer: '/password_settings/hashing_method', message }];
}

function lifetimeIssues(pointer: string, seconds: number): Issue[] {
  if (seconds <= MAX_LIFETIME_SECONDS) return [];
  return [{ pointer, message: `must be at most ${formatDuration(MAX_LIFETIME_SECONDS)}` }];
}

/** The method that new passwords of the pool are hashed with. */
export function passwordMethod({ hashingMethod }: PasswordSettings): PasswordMethod {
  return isPasswordMethod(hashingMethod) ? hashingMethod : 'argon2';
}

const isPasswordMethod = (method: string): method is PasswordMethod =>
  (PASSWORD_METHODS as readonly string[]).includes(method);

function otpIssues(settings: OtpSettings): Issue[] {
  return OTP_TYPES.flatMap((type) => {
    const { length, ttlSeconds } = settings[type];
    const issues: Issue[] = [];
    if (length < OTP_LENGTH.least || length > OTP_LENGTH.most) {
      issues.push({ pointer: `/otp_settings/${type}/length`, message: 'must be from 4 to 10' });
    }
    if (ttlSeconds < OTP_TTL_SECONDS.least || ttlSeconds > OTP_TTL_SECONDS.most) {
      issues.push({ pointer: `/otp_settings/${type}/ttl`, message: 'must be from 30s to 168h' });
    }
    return issues;
  });
}

function labelIssues(labels: Readonly<Record<string, string>>): Issue[] {
  const entries = Object.entries(labels);
  if (entries.length > LABELS.most)
    return [{ pointer: '/labels', message: `must be at most ${LABELS.most}` }];
  return entries
    .filter(([key, value]) => !LABELS.key.test(key) || value.length > LABELS.valueMost)
    .map(() => ({
      pointer: '/labels',
      message: `keys must be 1 to 63 letters, digits and . _ / -, values at most ${LABELS.valueMost} characters`,
    }))
    .slice(0, 1);
}
