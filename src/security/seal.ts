import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

export type MasterKey = {
  /** Name of the key inside sealed texts: 1 to 32 of `A-Z a-z 0-9 _ -`. */
  kid: string;
  /** 32 bytes in base64. */
  key: string;
};

export type Sealer = {
  /**
   * Encrypts under the first master key: `v1.<kid>.<nonce>.<ciphertext and tag>`.
   * @param aad names the one place the text belongs to, as in `signing_key:tenant/workspace/kid`;
   *   the text opens nowhere else.
   */
  seal(plaintext: string, aad: string): string;
  /** Gives back what was sealed for this place. Throws {@link SealError}. */
  open(sealed: string, aad: string): string;
  /** `h1.<kid>.<HMAC-SHA-256>` under a key of its own for each purpose. The purpose is a constant of the code. */
  keyedHash(purpose: string, value: string): string;
  /** Whether `stored` is the keyed hash of `value`, under whichever master key it names. Malformed is false. */
  matchesKeyedHash(purpose: string, value: string, stored: string): boolean;
  /** The key that a master key hashes with for one purpose, sealed under the first: hashes outlive their master key. */
  wrapHashKey(kid: string, purpose: string): string;
};

/** What a master key that may be gone has hashed with for one purpose. */
export type WrappedHashKey = { readonly kid: string; readonly purpose: string; readonly sealed: string };

/** The place that such a key is sealed for. */
export const hashKeyPlace = ({ kid, purpose }: Pick<WrappedHashKey, 'kid' | 'purpose'>): string =>
  `hash_key:${kid}/${purpose}`;

export type SealFailure = 'bad_master_key' | 'missing_aad' | 'malformed' | 'unknown_key' | 'not_authentic';

/** Says what failed and under which key id, never any content. */
export class SealError extends Error {
  override name = 'SealError';
  readonly failure: SealFailure;

  constructor(failure: SealFailure, message: string) {
    super(message);
    this.failure = failure;
  }
}

const KEY_BYTES = 32;
// NIST SP 800-38D §8.2.2: random nonces of 96 bits are good for 2^32 texts a key.
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KID = /^[A-Za-z0-9_-]{1,32}$/;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

/**
 * Seals secrets for rest and hashes values with a key, under master keys that can be rotated: the first key
 * seals and hashes, all keys open and verify. `wrapped` verifies what keys have hashed that are gone.
 * @throws {SealError} `bad_master_key` for no key, a bad key id, a repeated key id, or a key that is not 32 bytes.
 */
export function createSealer(
  masterKeys: readonly MasterKey[],
  wrapped: readonly WrappedHashKey[] = [],
): Sealer {
  const masters = new Map(masterKeys.map((master) => [master.kid, decodeMasterKey(master)]));
  const [first] = masterKeys;
  if (first === undefined) throw new SealError('bad_master_key', 'At least one master key is needed');
  const current = first.kid;
  if (masters.size !== masterKeys.length) {
    throw new SealError('bad_master_key', 'Two master keys have the same key id');
  }

  const derived = new Map<string, Buffer>();
  function deriveKey(kid: string, use: string): Buffer | undefined {
    const master = masters.get(kid);
    if (master === undefined) return undefined;
    const name = `${kid}/${use}`;
    const known = derived.get(name);
    if (known !== undefined) return known;
    const key = Buffer.from(hkdfSync('sha256', master, '', `weir/${use}`, KEY_BYTES));
    derived.set(name, key);
    return key;
  }

  function requireKey(kid: string, use: string): Buffer {
    const key = deriveKey(kid, use);
    if (key === undefined) throw new SealError('unknown_key', `There is no master key with the id "${kid}"`);
    return key;
  }

  const unwrapped = new Map<string, Buffer>();
  /** A key that was wrapped; undefined too where nothing here opens it. */
  function unwrapKey(kid: string, purpose: string): Buffer | undefined {
    const place = hashKeyPlace({ kid, purpose });
    const known = unwrapped.get(place);
    if (known !== undefined) return known;
    const found = wrapped.find((one) => one.kid === kid && one.purpose === purpose);
    if (found === undefined || !masters.has(sealedUnder(found.sealed))) return undefined;
    const key = Buffer.from(open(found.sealed, place), 'base64');
    unwrapped.set(place, key);
    return key;
  }

  function hash(kid: string, purpose: string, value: string): Buffer | undefined {
    const key = deriveKey(kid, `hash/${purpose}`) ?? unwrapKey(kid, purpose);
    return key && createHmac('sha256', key).update(value, 'utf8').digest();
  }

  function seal(plaintext: string, aad: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', requireKey(current, 'seal'), nonce);
    cipher.setAAD(requireAad(aad));
    const sealed = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${current}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
  }

  function open(sealed: string, aad: string): string {
    const { kid, nonce, ciphertext, tag } = parseSealed(sealed);
    const decipher = createDecipheriv('aes-256-gcm', requireKey(kid, 'seal'), nonce, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(requireAad(aad));
    decipher.setAuthTag(tag);
    try {
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
    } catch {
      throw new SealError(
        'not_authentic',
        `A text sealed under the master key "${kid}" was changed, or belongs to another place`,
      );
    }
  }

  return {
    seal,
    open,

    keyedHash(purpose, value) {
      return `h1.${current}.${hash(current, purpose, value)?.toString('base64url')}`;
    },

    matchesKeyedHash(purpose, value, stored) {
      const [version, kid, mac, ...rest] = stored.split('.');
      if (version !== 'h1' || kid === undefined || mac === undefined || rest.length > 0) return false;
      const expected = hash(kid, purpose, value);
      const given = Buffer.from(mac, 'base64url');
      return expected !== undefined && given.length === expected.length && timingSafeEqual(given, expected);
    },

    wrapHashKey: (kid, purpose) =>
      seal(requireKey(kid, `hash/${purpose}`).toString('base64'), hashKeyPlace({ kid, purpose })),
  };
}

function decodeMasterKey({ kid, key }: MasterKey): Buffer {
  if (!KID.test(kid)) {
    throw new SealError(
      'bad_master_key',
      'A master key id must be 1 to 32 of the characters A-Z a-z 0-9 _ -',
    );
  }
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== KEY_BYTES) {
    throw new SealError('bad_master_key', `The master key "${kid}" must be 32 bytes in base64`);
  }
  return bytes;
}

function requireAad(aad: string): Buffer {
  if (aad === '')
    throw new SealError('missing_aad', 'A sealed text needs the name of the place it belongs to');
  return Buffer.from(aad, 'utf8');
}

const sealedUnder = (sealed: string): string => sealed.split('.')[1] ?? '';

function parseSealed(sealed: string): { kid: string; nonce: Buffer; ciphertext: Buffer; tag: Buffer } {
  const [version, kid, nonceText, bodyText, ...rest] = sealed.split('.');
  const nonce = decode(nonceText);
  const body = decode(bodyText);
  if (version !== 'v1' || kid === undefined || nonce?.length !== NONCE_BYTES || rest.length > 0)
    throw malformed();
  if (body === undefined || body.length < TAG_BYTES) throw malformed();
  const end = body.length - TAG_BYTES;
  return { kid, nonce, ciphertext: body.subarray(0, end), tag: body.subarray(end) };
}

function decode(text: string | undefined): Buffer | undefined {
  return text !== undefined && BASE64URL.test(text) ? Buffer.from(text, 'base64url') : undefined;
}

function malformed(): SealError {
  return new SealError('malformed', 'A sealed text does not have the form v1.<key id>.<nonce>.<ciphertext>');
}
