import { createHash, generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';
import type { RsaStock } from './rsa_stock.ts';

const generate = promisify(generateKeyPair);

export type NewSigningKey = {
  readonly kid: string;
  readonly alg: 'RS256' | 'ES256';
  readonly publicJwk: JsonWebKey;
  readonly privateJwk: JsonWebKey;
};

/** The two keys every workspace starts with: RS256, which stock clients pin, and ES256, which is cheap. */
export async function makeSigningKeys(stock: RsaStock): Promise<NewSigningKey[]> {
  const [rsa, ec] = await Promise.all([stock.take(), makeEcKey()]);
  return [complete(rsa, 'RS256'), complete(ec, 'ES256')];
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
