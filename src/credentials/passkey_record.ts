import { createHash } from 'node:crypto';
import { decodeAttestationObject, parseAuthenticatorData } from '@simplewebauthn/server/helpers';
import { isUsablePublicKey } from './passkey_public_key.ts';
import { knownTransports } from './passkey_ceremony.ts';
import { passkeyId, type NewPasskey, type RelyingParty } from './passkeys.ts';

/** A key whose ceremony a trusted backend has run (contract 1.10). Bytes are base64url. */
export type PasskeyRecord = {
  readonly id: string;
  readonly publicKey: string;
  readonly attestationType?: string | undefined;
  readonly transports?: readonly string[] | undefined;
  readonly flags?:
    | {
        readonly userVerified?: boolean | undefined;
        readonly backupEligible?: boolean | undefined;
        readonly backupState?: boolean | undefined;
      }
    | undefined;
  readonly signCount?: number | undefined;
  readonly aaguid?: string | undefined;
  readonly attachment?: string | undefined;
  readonly clientDataJson?: string | undefined;
  readonly attestationObject?: string | undefined;
};

const AAGUID_BYTES = 16;
const NO_AAGUID = '00000000-0000-0000-0000-000000000000';
const MAX_SIGN_COUNT = 2 ** 32 - 1;
const ATTESTATION_TYPE = /^[a-z0-9_-]{1,32}$/i;

/**
 * What a record says, where it is consistent: a key that can be used here, flags that can be, and an attestation
 * object, if there is one, that is about this very key and this host. Else the reason, for the caller to put
 * behind the name of the field.
 */
export function readPasskeyRecord(party: RelyingParty, record: PasskeyRecord): NewPasskey | string {
  const id = passkeyId(record.id);
  if (id === undefined) return 'needs an id of 1 to 1023 bytes';
  if (!isUsablePublicKey(record.publicKey)) return 'needs a public key as COSE_Key, of ES256, EdDSA or RS256';
  const { userVerified = false, backupEligible = false, backupState = false } = record.flags ?? {};
  if (backupState && !backupEligible) return 'must not be backed up when it cannot be (backupEligible)';
  const signCount = record.signCount ?? 0;
  if (signCount < 0 || signCount > MAX_SIGN_COUNT) return `needs a signCount from 0 to ${MAX_SIGN_COUNT}`;
  const aaguid = readAaguid(record.aaguid);
  if (aaguid === undefined) return 'needs an AAGUID of 16 bytes';
  if (record.attestationObject !== undefined && !isAbout(party, id, record)) {
    return 'has an attestation object of another key or another host';
  }
  return {
    id,
    publicKey: record.publicKey,
    userHandle: null,
    transports: knownTransports(record.transports ?? []),
    signCount,
    userVerified,
    backupEligible,
    backupState,
    aaguid,
    attachment:
      record.attachment === 'platform' || record.attachment === 'cross-platform' ? record.attachment : '',
    attestationType: ATTESTATION_TYPE.test(record.attestationType ?? '')
      ? (record.attestationType as string)
      : 'none',
  };
}

function readAaguid(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return NO_AAGUID;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== AAGUID_BYTES) return undefined;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function isAbout(party: RelyingParty, id: string, record: PasskeyRecord): boolean {
  try {
    const object = decodeAttestationObject(
      new Uint8Array(Buffer.from(record.attestationObject ?? '', 'base64url')),
    );
    const { rpIdHash, credentialID, credentialPublicKey } = parseAuthenticatorData(object.get('authData'));
    return (
      createHash('sha256').update(party.id).digest().equals(rpIdHash) &&
      Buffer.from(credentialID ?? []).toString('base64url') === id &&
      Buffer.from(credentialPublicKey ?? []).toString('base64url') === record.publicKey
    );
  } catch {
    return false;
  }
}
