import { z } from 'zod';
import type { RegistrationResponseJSON } from '../../../credentials/passkey_ceremony.ts';
import { bytes } from '../../../credentials/passkey_bytes.ts';
import type { CredentialRecord } from '../../../credentials/passkey_document.ts';
import { invalid } from '../../../domain_error.ts';
import { line } from '../../fields.ts';

const MAX_ID_BYTES = 1023;
const MAX_DATA_BYTES = 32 * 1024;
const transports = z.array(z.string().max(64)).max(20);

// What browsers put into `toJSON()` grows with the specification, so more than this is let through, unread.
/** The answer of an authenticator to `navigator.credentials.create()`. */
export const CredentialCreationResponse = z
  .looseObject({
    id: z.string().max(2048),
    rawId: bytes(MAX_ID_BYTES).optional(),
    type: z.literal('public-key'),
    authenticatorAttachment: z.string().max(64).nullish(),
    response: z.looseObject({
      clientDataJSON: bytes(MAX_DATA_BYTES),
      attestationObject: bytes(MAX_DATA_BYTES),
      transports: transports.nullish(),
    }),
  })
  .meta({ id: 'CredentialCreationResponse' });

export const NameWebAuthnKey = z.strictObject({ name: line(100) }).meta({ id: 'NameWebAuthnKey' });

const Credential = z
  .strictObject({
    id: z.base64(),
    publicKey: z.base64(),
    attestationType: z.string(),
    transport: z.array(z.string()),
    flags: z.strictObject({
      userPresent: z.boolean(),
      userVerified: z.boolean(),
      backupEligible: z.boolean(),
      backupState: z.boolean(),
    }),
    authenticator: z.strictObject({
      AAGUID: z.base64(),
      signCount: z.int(),
      cloneWarning: z.boolean(),
      attachment: z.string(),
    }),
  })
  .meta({ id: 'Credential' });

export const WebAuthnCredentials = z
  .strictObject({ credentials: z.array(Credential) })
  .meta({ id: 'WebAuthnCredentials' });

/** Options for `navigator.credentials.create()`, whatever the name of the model says. */
export const CredentialAssertion = z
  .strictObject({ publicKey: z.looseObject({ challenge: z.string() }) })
  .meta({ id: 'CredentialAssertion' });

/** The answer in the form of the WebAuthn specification. */
export function toCreationAnswer(
  body: z.output<typeof CredentialCreationResponse>,
): RegistrationResponseJSON {
  const { clientDataJSON, attestationObject } = body.response;
  const id = body.rawId ?? body.id;
  const attachment = body.authenticatorAttachment;
  return {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON,
      attestationObject,
      transports: [...(body.response.transports ?? [])] as string[],
    },
    ...(attachment === 'platform' || attachment === 'cross-platform'
      ? { authenticatorAttachment: attachment }
      : {}),
  };
}

/**
 * The answer that a record stems from: whoever registers a key for themselves proves it with the whole ceremony.
 * Throws `DomainError` 422 for a record without it.
 */
export function toAnswerOfRecord(
  pointer: string,
  body: z.output<typeof CredentialRecord>,
): RegistrationResponseJSON {
  const { clientDataJSON, object } = body.attestation ?? {};
  if (!clientDataJSON || !object) {
    throw invalid(
      `${pointer}/attestation`,
      'must hold clientDataJSON and object of a ceremony that webauthn/create/begin began',
    );
  }
  return toCreationAnswer({
    id: body.id,
    rawId: body.id,
    type: 'public-key',
    response: { clientDataJSON, attestationObject: object, transports: body.transport },
    authenticatorAttachment: body.authenticator?.attachment,
  });
}
