import { formatDuration } from '../../../duration.ts';
import type { TrustedDevice } from '../../../credentials/trusted_devices_store.ts';
import type { IssuerSession } from '../../../sessions/own_access_store.ts';
import type { Credential } from '../../../users/user.ts';
import type { OwnData, Profile } from '../../../users/profile_service.ts';
import { present } from '../../present.ts';
import type { Answer } from '../../route.ts';

/** A profile as the first version of the API shows it (contract 1.13). */
export const answerProfile = (profile: OwnData): Answer => ({
  version: profile.user.rowVersion,
  body: presentBase(profile),
});

/** The same with credentials, ways to sign in, and the schema that a form needs. */
export function answerProfileV2(profile: Profile): Answer {
  const { pool } = profile;
  return {
    version: profile.user.rowVersion,
    body: {
      ...presentBase(profile),
      credentials: presentCredentials(profile),
      payload_schema: profile.payloadSchema ?? {},
      authentication_mechanisms: pool.authenticationMechanisms,
      allowed_authentication_mechanisms: profile.allowedMechanisms,
      second_factor_authentication_mechanisms: pool.secondFactorAuthenticationMechanisms,
      federated_accounts: [],
      ...present({
        preferred_authentication_mechanism: pool.preferredAuthenticationMechanism,
        second_factor_preferred_authentication_mechanism: pool.secondFactorPreferredAuthenticationMechanism,
      }),
    },
  };
}

export const presentDevice = (device: TrustedDevice): object => ({
  id: device.id,
  ip_address: device.ip,
  issue_time: device.createdAt,
  user_agent: device.userAgent,
});

/** A browser as its own person sees it. The id opens nothing: the cookie holds another value. */
export const presentSession = (session: IssuerSession): object => ({
  id: session.uid,
  type: 'sso',
  issue_time: session.createdAt,
  active_time: session.lastSeenAt,
  ip_address: session.ip ?? '',
  user_agent: session.userAgent ?? '',
  ...present({ auth_time: session.authenticatedAt }),
});

function presentBase({ user }: OwnData): object {
  return {
    id: user.id,
    identifiers: user.identifiers.map(({ identifier, type, createdAt }) => ({
      identifier,
      type,
      created_at: rfc3339(createdAt),
    })),
    verifiable_addresses: user.addresses.map((entry) => ({
      address: entry.address,
      type: entry.type,
      status: entry.status,
      verified: entry.verified,
      created_at: rfc3339(entry.createdAt),
      updated_at: rfc3339(entry.updatedAt),
      ...present({
        verified_at: entry.verifiedAt && rfc3339(entry.verifiedAt),
        preferred_contact_method: entry.preferredContactMethod,
      }),
    })),
    payload: user.payload,
    metadata: user.metadata,
    business_metadata: user.businessMetadata,
  };
}

// Each passkey is one of its own here, with the name that the person gave it.
function presentCredentials({ user, pool }: Profile): object[] {
  const { expiresAfterSeconds } = pool.passwordSettings;
  const others = user.credentials.filter(({ type }) => type !== 'webauthn');
  return [
    ...others.map((entry: Credential) => ({
      id: entry.id,
      type: entry.type,
      state: entry.state,
      updated_at: rfc3339(entry.updatedAt),
      ...present({ expires_at: entry.expiresAt && rfc3339(entry.expiresAt) }),
      ...(entry.type === 'password' && expiresAfterSeconds > 0
        ? { expires_after: formatDuration(expiresAfterSeconds) }
        : {}),
    })),
    ...user.credentials
      .flatMap(({ keys }) => keys ?? [])
      .map((key) => ({
        id: key.id,
        type: 'webauthn',
        state: 'valid',
        updated_at: rfc3339(key.createdAt),
        ...(key.name === '' ? {} : { name: key.name }),
      })),
  ];
}

/** PostgreSQL's JSON has its own precision and offset; the wire has one form. */
const rfc3339 = (text: string): string => new Date(text).toISOString();
