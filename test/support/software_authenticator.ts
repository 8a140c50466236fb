import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { cbor } from './cbor.ts';

/** What an authenticator is asked with, as far as it reads it. */
export type CreationRequest = {
  readonly challenge: string;
  readonly rp: { readonly id?: string };
  readonly user: { readonly id: string };
};

/** What a test bends, one thing at a time. */
export type Bent = {
  readonly origin?: string;
  readonly type?: string;
  readonly challenge?: string;
  readonly rpId?: string;
  /** The flags byte (WebAuthn L3 §6.1). */
  readonly flags?: number;
  readonly algorithm?: number;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  readonly credentialId?: Buffer;
  /** The id beside the answer, where it differs from the one within. */
  readonly claimedId?: string;
  readonly userHandle?: string;
  readonly signCount?: number;
  readonly attestation?: 'none' | 'packed' | 'packed-forged' | 'fido-u2f' | 'none-with-statement';
  readonly signature?: Buffer;
};

export const FLAGS = { UP: 0x01, UV: 0x04, BE: 0x08, BS: 0x10, AT: 0x40 } as const;
const ES256 = -7;

/** An authenticator in software: real keys, real attestations and assertions, ES256. */
export class SoftwareAuthenticator {
  readonly #origin: string;
  readonly #privateKey: KeyObject;
  readonly #x: Buffer;
  readonly #y: Buffer;
  readonly id: Buffer;
  userHandle: string | undefined;
  signCount: number;

  constructor({
    origin,
    id = randomBytes(32),
    signCount = 1,
  }: {
    origin: string;
    id?: Buffer;
    signCount?: number;
  }) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    this.#origin = origin;
    this.#privateKey = privateKey;
    this.#x = Buffer.from(x, 'base64url');
    this.#y = Buffer.from(y, 'base64url');
    this.id = id;
    this.signCount = signCount;
  }

  /** The public key as COSE_Key. */
  publicKey(algorithm = ES256): Buffer {
    return cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, algorithm],
        [-1, 1],
        [-2, this.#x],
        [-3, this.#y],
      ]),
    );
  }

  /** The answer to `navigator.credentials.create()`, as `toJSON()` gives it. */
  create(request: CreationRequest, bent: Bent = {}) {
    this.userHandle = request.user.id;
    const id = bent.credentialId ?? this.id;
    const clientDataJSON = this.#clientData('webauthn.create', request.challenge, bent);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const authData = Buffer.concat([
      this.#head(request.rp.id ?? '', bent.flags ?? FLAGS.UP | FLAGS.UV | FLAGS.AT, bent),
      Buffer.alloc(16),
      length,
      id,
      this.publicKey(bent.algorithm),
    ]);
    const attestationObject = cbor(
      new Map<string, unknown>([
        ['fmt', (bent.attestation ?? 'none').split('-forged')[0]?.replace('none-with-statement', 'none')],
        ['attStmt', this.#statement(authData, clientDataJSON, bent)],
        ['authData', authData],
      ]),
    );
    const claimed = bent.claimedId ?? id.toString('base64url');
    return {
      id: claimed,
      rawId: claimed,
      type: 'public-key' as const,
      authenticatorAttachment: 'platform' as const,
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientDataJSON.toString('base64url'),
        attestationObject: attestationObject.toString('base64url'),
        transports: ['internal', 'hybrid'],
      },
    };
  }

  /** The same as the record that a backend keeps (contract 1.10); bytes in standard base64. */
  record(request: CreationRequest, bent: Bent = {}) {
    const answer = this.create(request, bent);
    const bytes = (text: string) => Buffer.from(text, 'base64url').toString('base64');
    return {
      id: bytes(answer.id),
      publicKey: this.publicKey(bent.algorithm).toString('base64'),
      attestationType: 'none',
      transport: ['internal'],
      flags: { userPresent: true, userVerified: true, backupEligible: false, backupState: false },
      authenticator: {
        AAGUID: Buffer.alloc(16).toString('base64'),
        signCount: this.signCount,
        cloneWarning: false,
        attachment: 'platform',
      },
      attestation: {
        clientDataJSON: bytes(answer.response.clientDataJSON),
        object: bytes(answer.response.attestationObject),
        publicKeyAlgorithm: bent.algorithm ?? ES256,
      },
    };
  }

  /** The answer to `navigator.credentials.get()`. Its counter goes up. */
  get(request: { readonly challenge: string; readonly rpId: string }, bent: Bent = {}) {
    this.signCount += 1;
    const clientDataJSON = this.#clientData('webauthn.get', request.challenge, bent);
    const authenticatorData = this.#head(request.rpId, bent.flags ?? FLAGS.UP | FLAGS.UV, bent);
    const signed = Buffer.concat([authenticatorData, sha256(clientDataJSON)]);
    const id = bent.claimedId ?? this.id.toString('base64url');
    const userHandle = bent.userHandle ?? this.userHandle;
    return {
      id,
      rawId: id,
      type: 'public-key' as const,
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientDataJSON.toString('base64url'),
        authenticatorData: authenticatorData.toString('base64url'),
        signature: (bent.signature ?? sign('sha256', signed, this.#privateKey)).toString('base64url'),
        ...(userHandle === undefined ? {} : { userHandle }),
      },
    };
  }

  #clientData(type: string, challenge: string, bent: Bent): Buffer {
    return Buffer.from(
      JSON.stringify({
        type: bent.type ?? type,
        challenge: bent.challenge ?? challenge,
        origin: bent.origin ?? this.#origin,
        crossOrigin: bent.crossOrigin ?? false,
        ...(bent.topOrigin === undefined ? {} : { topOrigin: bent.topOrigin }),
      }),
    );
  }

  // RP id hash, flags, counter (WebAuthn L3 §6.1).
  #head(rpId: string, flags: number, bent: Bent): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(bent.signCount ?? this.signCount);
    return Buffer.concat([sha256(Buffer.from(bent.rpId ?? rpId)), Buffer.from([flags]), counter]);
  }

  #statement(authData: Buffer, clientDataJSON: Buffer, { attestation }: Bent): Map<string, unknown> {
    if (attestation === 'none-with-statement') return new Map([['sig', Buffer.alloc(8)]]);
    if (attestation !== 'packed' && attestation !== 'packed-forged') return new Map();
    const signed = Buffer.concat([authData, sha256(clientDataJSON)]);
    const signature = sign('sha256', attestation === 'packed' ? signed : authData, this.#privateKey);
    return new Map<string, unknown>([
      ['alg', ES256],
      ['sig', signature],
    ]);
  }
}

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
