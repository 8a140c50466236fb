import {
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import { isUsablePublicKey } from './passkey_public_key.ts';
import {
  PASSKEY_ALGORITHMS,
  passkeyId,
  userHandleOf,
  type NewPasskey,
  type RelyingParty,
} from './passkeys.ts';

export type { AuthenticationResponseJSON, RegistrationResponseJSON };
export type CreationOptions = PublicKeyCredentialCreationOptionsJSON;

/** From asking an authenticator to its answer. */
export const CHALLENGE_SECONDS = 5 * 60;

// We ask for no attestation. What browsers leave in then is none, or a signature by the key itself; the other
// formats bring certificates, and their check fetches lists from addresses that stand in them.
const ATTESTATION_FORMATS: ReadonlySet<string> = new Set(['none', 'packed']);
const KNOWN_TRANSPORT = /^[a-z0-9-]{1,32}$/;
const MAX_TRANSPORTS = 10;

export type PasskeyOwner = {
  readonly tenantId: string;
  readonly poolId: string;
  readonly userId: string;
  /** What the authenticator shows the person. */
  readonly name: string;
  readonly displayName: string;
};

/** The options for `navigator.credentials.create()`, as JSON. The keys that the person has are left out. */
export async function creationOptions(
  party: RelyingParty,
  partyName: string,
  owner: PasskeyOwner,
  known: readonly Pick<NewPasskey, 'id' | 'transports'>[],
): Promise<CreationOptions> {
  return generateRegistrationOptions({
    rpName: partyName,
    rpID: party.id,
    userName: owner.name,
    userDisplayName: owner.displayName,
    userID: new Uint8Array(Buffer.from(userHandleOf(owner), 'base64url')),
    timeout: CHALLENGE_SECONDS * 1000,
    attestationType: 'none',
    excludeCredentials: known.map(({ id, transports }) => ({ id, transports: [...transports] })),
    // Wanted, not demanded: a sign-in without it needs a second factor, and whether it was given is kept.
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
  });
}

/** The challenge that an answer claims to answer; undefined for what is no client data. */
export function answeredChallenge(clientDataJson: string): string | undefined {
  const challenge = clientData(clientDataJson)?.challenge;
  return typeof challenge === 'string' && challenge !== '' ? challenge : undefined;
}

/**
 * Checks the answer to `create()` as WebAuthn L3 §7.1 says: type, challenge, origin, party, presence, flags,
 * algorithm, key and statement. Undefined for one that fails; why is nobody's business but the authenticator's.
 * @param owner whose key it becomes.
 */
export async function verifyCreation(
  party: RelyingParty,
  owner: Pick<PasskeyOwner, 'tenantId' | 'poolId' | 'userId'>,
  answer: RegistrationResponseJSON,
  challenge: string,
): Promise<NewPasskey | undefined> {
  const id = passkeyId(answer.id);
  if (id === undefined || isFramed(answer.response.clientDataJSON)) return undefined;
  const checked = await refusing(async () => {
    const statement = decodeAttestationObject(
      new Uint8Array(Buffer.from(answer.response.attestationObject, 'base64url')),
    );
    if (!ATTESTATION_FORMATS.has(statement.get('fmt'))) return undefined;
    return verifyRegistrationResponse({
      response: answer,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: false,
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
    });
  });
  // The id beside the answer is not signed; the one within is.
  if (!checked?.verified || checked.registrationInfo.credential.id !== id) return undefined;
  const { credential, aaguid, fmt, userVerified, credentialDeviceType, credentialBackedUp } =
    checked.registrationInfo;
  const publicKey = Buffer.from(credential.publicKey).toString('base64url');
  // Without an attestation the library looks at the number of the algorithm only.
  if (!isUsablePublicKey(publicKey)) return undefined;
  return {
    id,
    publicKey,
    userHandle: userHandleOf(owner),
    transports: knownTransports(answer.response.transports ?? []),
    signCount: credential.counter,
    userVerified,
    backupEligible: credentialDeviceType === 'multiDevice',
    backupState: credentialBackedUp,
    aaguid,
    attachment: answer.authenticatorAttachment ?? '',
    attestationType: fmt,
  };
}

export type CheckedAssertion = {
  readonly signCount: number;
  readonly userVerified: boolean;
  readonly backupState: boolean;
};

/**
 * Checks the answer to `get()` against a stored key (WebAuthn L3 §7.2), all but its counter, which the caller
 * compares in the statement that stores it. Undefined for one that fails.
 */
export async function verifyAssertion(
  party: RelyingParty,
  key: Pick<NewPasskey, 'id' | 'publicKey' | 'userHandle' | 'backupEligible'>,
  answer: AuthenticationResponseJSON,
  challenge: string,
): Promise<CheckedAssertion | undefined> {
  if (isFramed(answer.response.clientDataJSON)) return undefined;
  const { userHandle } = answer.response;
  if (userHandle !== undefined && key.userHandle !== null && userHandle !== key.userHandle) return undefined;
  const checked = await refusing(() =>
    verifyAuthenticationResponse({
      response: answer,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: false,
      // Counter 0: the library would refuse before it looks at the signature, and a regress could not be told
      // from a forgery.
      credential: {
        id: key.id,
        publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64url')),
        counter: 0,
      },
    }),
  );
  if (!checked?.verified) return undefined;
  const { newCounter, userVerified, credentialDeviceType, credentialBackedUp } = checked.authenticationInfo;
  // Whether a key can be copied to other devices never changes (WebAuthn L3 §6.1.3).
  if ((credentialDeviceType === 'multiDevice') !== key.backupEligible && key.userHandle !== null)
    return undefined;
  return { signCount: newCounter, userVerified, backupState: credentialBackedUp };
}

export const knownTransports = (transports: readonly string[]): string[] =>
  [...new Set(transports)].filter((transport) => KNOWN_TRANSPORT.test(transport)).slice(0, MAX_TRANSPORTS);

// An answer given inside another site's frame (WebAuthn L3 §7.1 steps 10 to 12).
function isFramed(clientDataJson: string): boolean {
  const data = clientData(clientDataJson);
  return data === undefined || (data.crossOrigin ?? false) !== false || data.topOrigin !== undefined;
}

function clientData(json: string): Record<string, unknown> | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(json, 'base64url').toString('utf8'));
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

// The library says by exceptions what is wrong with an answer, and by all kinds of them what cannot be read.
async function refusing<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check();
  } catch {
    return undefined;
  }
}
