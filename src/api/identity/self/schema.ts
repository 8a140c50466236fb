import { z } from 'zod';
import { MECHANISMS } from '../../../pools/pool.ts';
import { IDENTIFIER_TYPES } from '../../../users/user.ts';
import { durationAnswer, freeMap, id, time } from '../../fields.ts';
import { CredentialRecord } from '../../../credentials/passkey_document.ts';

/** All that people change of their profile themselves (contract 1.13). */
export const SelfUserUpdate = z.strictObject({ payload: freeMap.optional() }).meta({ id: 'SelfUserUpdate' });

export const SetWebAuthn = z.strictObject({ new_webauthn: CredentialRecord }).meta({ id: 'SetWebAuthn' });

const mechanism = z.enum(MECHANISMS);

const SelfUserIdentifier = z
  .strictObject({ identifier: z.string(), type: z.enum(IDENTIFIER_TYPES), created_at: time })
  .meta({ id: 'SelfUserIdentifier' });

const SelfUserVerifiableAddress = z
  .strictObject({
    address: z.string(),
    type: z.enum(['email', 'mobile']),
    status: z.enum(['active', 'inactive']),
    verified: z.boolean(),
    verified_at: time.optional(),
    preferred_contact_method: z.enum(['sms', 'voice']).optional(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'SelfUserVerifiableAddress' });

const SelfUserCredentials = z
  .strictObject({
    id: z.string().meta({ description: 'Of a passkey: its WebAuthn credential id' }),
    type: z.enum(['password', 'webauthn', 'totp']),
    name: z.string().optional().meta({ description: 'Of a passkey, where it was given one' }),
    state: z.enum(['valid', 'must_be_reset', 'must_be_changed']),
    expires_at: time.optional(),
    expires_after: durationAnswer.optional(),
    updated_at: time,
  })
  .meta({ id: 'SelfUserCredentials' });

const base = {
  id,
  identifiers: z.array(SelfUserIdentifier),
  verifiable_addresses: z.array(SelfUserVerifiableAddress),
  payload: freeMap,
  metadata: freeMap.meta({ description: 'Without what its schema hides' }),
  business_metadata: freeMap.meta({ description: 'Without what its schema hides' }),
};

export const SelfUserWithData = z.strictObject(base).meta({ id: 'SelfUserWithData' });

export const SelfUserWithDataV2 = z
  .strictObject({
    ...base,
    credentials: z.array(SelfUserCredentials),
    payload_schema: freeMap.meta({ description: 'What the payload follows, for a form' }),
    authentication_mechanisms: z.array(mechanism),
    allowed_authentication_mechanisms: z.array(mechanism),
    preferred_authentication_mechanism: mechanism.optional(),
    second_factor_authentication_mechanisms: z.array(mechanism),
    second_factor_preferred_authentication_mechanism: mechanism.optional(),
    federated_accounts: z.array(z.looseObject({})).max(0),
  })
  .meta({ id: 'SelfUserWithDataV2' });

export const ListUserMFASessions = z
  .strictObject({
    sessions: z.array(
      z.strictObject({ id, ip_address: z.string(), issue_time: time, user_agent: z.string() }),
    ),
  })
  .meta({ id: 'ListUserMFASessions' });

export const SSOSessions = z
  .strictObject({
    sessions: z.array(
      z.strictObject({
        id,
        type: z.literal('sso'),
        issue_time: time.meta({ description: 'When the browser was first seen' }),
        auth_time: time.optional().meta({ description: 'When the person last proved who they are in it' }),
        active_time: time.meta({ description: 'When it was last used, exact to a tenth of its life' }),
        ip_address: z.string(),
        user_agent: z.string(),
      }),
    ),
  })
  .meta({ id: 'SSOSessions' });

export const RevokeOwnTokensQuery = z.strictObject({
  revoke_current_token: z.stringbool().optional().meta({
    description: 'Whether the token of the call, its grant and its session end too; `false` by default',
  }),
});
