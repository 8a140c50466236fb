import { createHash, generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import type { RsaStock } from './rsa_stock.ts';

const generate = promisify(generateKeyPair);

/** What a workspace signs with: RS256, which stock clients pin, and ES256, which is cheap. */
export const SIGNING_ALGS = ['RS256', 'ES256'] as const;
export type SigningAlg = (typeof SIGNING_ALGS)[number];

export type NewSigningKey = {
  readonly kid: string;
  readonly alg: SigningAlg;
  readonly publicJwk: JsonWebKey;
  readonly privateJwk: JsonWebKey;
};

/** The keys every workspace starts with, one of each algorithm. */
export async function makeSigningKeys(stock: RsaStock): Promise<NewSigningKey[]> {
  return Promise.all(SIGNING_ALGS.map((alg) => makeSigningKey(stock, alg)));
}

/** A key that nobody else has. Made beside the event loop, or taken from the stock. */
export async function makeSigningKey(stock: RsaStock, alg: SigningAlg): Promise<NewSigningKey> {
  return complete(await (alg === 'RS256' ? stock.take() : makeEcKey()), alg);
}

async function makeEcKey(): Promise<JsonWebKey> {
  const { privateKey } = await generate('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'jwk' });
}

function complete(privateKey: JsonWebKey, alg: NewSigningKey['alg']): NewSigningKey {
  const members = publicMembers(privateKey);
  const about = { kid: thumbprint(members), alg, use: 'sig' };
  return {
    kid: about.kid,
    alg,
    publicJwk: { ...members, ...about },
    privateJwk: { ...privateKey, ...about },
  };
}

// RFC 7638 §3.2: the required members in lexicographic order.
function publicMembers(jwk: JsonWebKey): JsonWebKey {
  return jwk.kty === 'RSA'
    ? { e: jwk.e!, kty: jwk.kty, n: jwk.n! }
    : { crv: jwk.crv!, kty: jwk.kty!, x: jwk.x!, y: jwk.y! };
}

const thumbprint = (members: JsonWebKey): string =>
  createHash('sha256').update(JSON.stringify(members)).digest('base64url');
