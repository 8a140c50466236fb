import { createHash, generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import type { RsaStock } from './rsa_stock.ts';

const generate = promisify(generateKeyPair);

/** What a workspace can sign with. EdDSA is Ed25519 (RFC 8037 §3.1). */
export const SIGNING_ALGS = ['RS256', 'ES256', 'PS256', 'EdDSA'] as const;
export type SigningAlg = (typeof SIGNING_ALGS)[number];

/** The kinds of keys by which the contract names algorithms (1.2); `eddsa` is ours. */
export const KEY_TYPES = ['rsa', 'ecdsa', 'ps', 'eddsa'] as const;
/** What a workspace may sign ID tokens with unless a client says otherwise. */
export const WORKSPACE_KEY_TYPES = ['rsa', 'ecdsa', 'ps'] as const;
export type KeyType = (typeof WORKSPACE_KEY_TYPES)[number];

const ALG_OF: Readonly<Record<(typeof KEY_TYPES)[number], SigningAlg>> = {
  rsa: 'RS256',
  ecdsa: 'ES256',
  ps: 'PS256',
  eddsa: 'EdDSA',
};
export const algOf = (keyType: (typeof KEY_TYPES)[number]): SigningAlg => ALG_OF[keyType];

/** SQL of the same, for a workspace; takes an expression, never a value. */
export const algOfKeyType = (keyType: string): string =>
  `CASE ${keyType} ${WORKSPACE_KEY_TYPES.map((type) => `WHEN '${type}' THEN '${ALG_OF[type]}'`).join(' ')} END`;

/** What every workspace has a key of: RS256, which stock clients pin, and ES256, which is cheap. */
export const EVERYWHERE: readonly SigningAlg[] = ['RS256', 'ES256'];

export type NewSigningKey = {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicJwk: JsonWebKey;
  readonly privateJwk: JsonWebKey;
};

/** The keys that a workspace starts with, one of each algorithm: its own is among them. */
export async function makeSigningKeys(stock: RsaStock, own: KeyType = 'rsa'): Promise<NewSigningKey[]> {
  return Promise.all([...new Set([...EVERYWHERE, algOf(own)])].map((alg) => makeSigningKey(stock, alg)));
}

/** A key that nobody else has. Made beside the event loop, or taken from the stock. */
export async function makeSigningKey(stock: RsaStock, alg: SigningAlg): Promise<NewSigningKey> {
  return complete(await MAKERS[alg](stock), alg);
}

const fromStock = (stock: RsaStock): Promise<JsonWebKey> => stock.take();

// RFC 8017 §3 and RFC 7518 §3.5: RS256 and PS256 share a kind of key, and never one key.
const MAKERS: Readonly<Record<SigningAlg, (stock: RsaStock) => Promise<JsonWebKey>>> = {
  RS256: fromStock,
  PS256: fromStock,
  async ES256() {
    const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
    return privateKey.export({ format: 'jwk' });
  },
  async EdDSA() {
    const { privateKey } = await generate('ed25519');
    return privateKey.export({ format: 'jwk' });
  },
};

function complete(privateKey: JsonWebKey, alg: SigningAlg): NewSigningKey {
  const members = publicMembers(privateKey);
  const about = { kid: thumbprint(members), alg, use: 'sig' };
  return {
    kid: about.kid,
    alg,
    publicJwk: { ...members, ...about },
    privateJwk: { ...privateKey, ...about },
  };
}

// RFC 7638 §3.2, RFC 8037 §2: the required members in lexicographic order.
function publicMembers({ kty, e, n, crv, x, y }: JsonWebKey): JsonWebKey {
  if (kty === 'RSA') return { e: e!, kty, n: n! };
  return kty === 'OKP' ? { crv: crv!, kty, x: x! } : { crv: crv!, kty: kty!, x: x!, y: y! };
}

const thumbprint = (members: JsonWebKey): string =>
  createHash('sha256').update(JSON.stringify(members)).digest('base64url');
