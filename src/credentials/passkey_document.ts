import { z } from 'zod';
import { bytes } from './passkey_bytes.ts';
import type { PasskeyRecord } from './passkey_record.ts';
import type { Passkey } from './passkeys.ts';

const MAX_ID_BYTES = 1023;
const MAX_DATA_BYTES = 32 * 1024;

/** The record of a key, as the ceremony's end gives it (contract 1.10). */
export const CredentialRecord = z
  .strictObject({
    id: bytes(MAX_ID_BYTES),
    publicKey: bytes(2048),
    attestationType: z.string().max(64).optional(),
    transport: z.array(z.string().max(64)).max(20).nullish(),
    flags: z
      .strictObject({
        userPresent: z.boolean().optional(),
        userVerified: z.boolean().optional(),
        backupEligible: z.boolean().optional(),
        backupState: z.boolean().optional(),
      })
      .optional(),
    authenticator: z
      .strictObject({
        AAGUID: bytes(16).nullish(),
        signCount: z.int().optional(),
        cloneWarning: z.boolean().optional(),
        attachment: z.string().max(64).optional(),
      })
      .optional(),
    attestation: z
      .strictObject({
        clientDataJSON: bytes(MAX_DATA_BYTES).nullish(),
        clientDataHash: bytes(64).nullish(),
        authenticatorData: bytes(MAX_DATA_BYTES).nullish(),
        publicKeyAlgorithm: z.int().optional(),
        object: bytes(MAX_DATA_BYTES).nullish(),
      })
      .optional(),
  })
  .meta({ id: 'NewCredential' });

/** A record in the words of the domain. */
export function toPasskeyRecord(body: z.output<typeof CredentialRecord>): PasskeyRecord {
  return {
    id: body.id,
    publicKey: body.publicKey,
    attestationType: body.attestationType,
    transports: body.transport ?? undefined,
    flags: body.flags,
    signCount: body.authenticator?.signCount,
    aaguid: body.authenticator?.AAGUID ?? undefined,
    attachment: body.authenticator?.attachment,
    attestationObject: body.attestation?.object ?? undefined,
  };
}

/** A key as its record. */
export const recordOf = (key: Omit<Passkey, 'createdAt' | 'lastUsedAt' | 'userHandle' | 'name'>): object => ({
  id: base64(key.id),
  publicKey: base64(key.publicKey),
  attestationType: key.attestationType,
  transport: key.transports,
  flags: {
    // No key is registered without a person who was there.
    userPresent: true,
    userVerified: key.userVerified,
    backupEligible: key.backupEligible,
    backupState: key.backupState,
  },
  authenticator: {
    AAGUID: Buffer.from(key.aaguid.replaceAll('-', ''), 'hex').toString('base64'),
    signCount: key.signCount,
    cloneWarning: key.cloneWarning,
    attachment: key.attachment,
  },
});

const base64 = (text: string): string => Buffer.from(text, 'base64url').toString('base64');
