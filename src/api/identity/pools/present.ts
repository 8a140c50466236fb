import { formatDuration } from '../../../duration.ts';
import { OTP_TYPES, type CountedPool, type PoolSettings } from '../../../pools/pool.ts';
import type { Answer } from '../../route.ts';
import { present } from '../../present.ts';

/** A pool as it leaves. */
export const presentPool = (pool: CountedPool): object => ({
  id: pool.id,
  tenant_id: pool.tenantId,
  workspace_id: pool.workspaceId ?? '',
  name: pool.name,
  ...presentPoolSettings(pool),
  system: pool.system,
  deleted: pool.deletedAt !== null,
  number_of_users: pool.standardUsers + pool.jitUsers,
  number_of_standard_users: pool.standardUsers,
  number_of_jit_users: pool.jitUsers,
});

/** What is decided about a pool, its name apart. */
export function presentPoolSettings(pool: Omit<PoolSettings, 'name'>): object {
  const { passwordPolicy: policy, passwordSettings, otpSettings } = pool;
  return {
    description: pool.description,
    badge_color: pool.badgeColor,
    payload_schema_id: pool.payloadSchemaId,
    metadata_schema_id: pool.metadataSchemaId,
    authentication_mechanisms: pool.authenticationMechanisms,
    second_factor_authentication_mechanisms: pool.secondFactorAuthenticationMechanisms,
    ...present({
      business_metadata_schema_id: pool.businessMetadataSchemaId,
      preferred_authentication_mechanism: pool.preferredAuthenticationMechanism,
      second_factor_preferred_authentication_mechanism: pool.secondFactorPreferredAuthenticationMechanism,
      second_factor_threshold: pool.secondFactorThreshold,
      mfa_session_ttl: pool.mfaSessionTtl,
    }),
    public_registration_allowed: pool.publicRegistrationAllowed,
    self_deletion_allowed: pool.selfDeletionAllowed,
    admin_initiated_registration_allowed: pool.adminInitiatedRegistrationAllowed,
    identifier_case_insensitive: pool.identifierCaseInsensitive,
    password_policy: {
      strength: policy.strength,
      min_length: policy.minLength,
      capital_letters: policy.capitalLetters,
      lowercase_letters: policy.lowercaseLetters,
      digits: policy.digits,
      special_characters: policy.specialCharacters,
      not_used_since: policy.notUsedSince,
    },
    password_settings: {
      hashing_method: passwordSettings.hashingMethod,
      expires_after: formatDuration(passwordSettings.expiresAfterSeconds),
    },
    otp_settings: Object.fromEntries(
      OTP_TYPES.map((type) => {
        const { length, ttlSeconds } = otpSettings[type];
        return [type, { length, ttl: formatDuration(ttlSeconds) }];
      }),
    ),
    reset_credentials_settings: {
      do_not_allow_users_to_self_reset_credentials:
        pool.resetCredentialsSettings.doNotAllowUsersToSelfResetCredentials,
    },
    metadata: pool.metadata,
    labels: pool.labels,
  };
}

export const answerPool = (pool: CountedPool): Answer => ({
  body: presentPool(pool),
  version: pool.rowVersion,
});
