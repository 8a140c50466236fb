import { createPublicKey } from 'node:crypto';
import { cose, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';

const { COSEALG, COSECRV, COSEKEYS } = cose;

// NIST SP 800-131A: 2048 bits at least.
const MIN_RSA_BYTES = 256;

/**
 * Whether a COSE_Key in base64url is a key of ES256, EdDSA or RS256 that a signature can be checked with: of the
 * type and curve of its algorithm, and a point of that curve. A key that is not would shut its owner out.
 */
export function isUsablePublicKey(publicKey: string): boolean {
  try {
    const jwk = jwkOf(decodeCredentialPublicKey(new Uint8Array(Buffer.from(publicKey, 'base64url'))));
    if (jwk === undefined) return false;
    createPublicKey({ key: jwk, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

function jwkOf(key: ReturnType<typeof decodeCredentialPublicKey>) {
  const algorithm = key.get(COSEKEYS.alg);
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('base64url');
  if (cose.isCOSEPublicKeyEC2(key)) {
    if (algorithm !== COSEALG.ES256 || key.get(COSEKEYS.crv) !== COSECRV.P256) return undefined;
    return { kty: 'EC', crv: 'P-256', x: text(key.get(COSEKEYS.x)), y: text(key.get(COSEKEYS.y)) };
  }
  if (cose.isCOSEPublicKeyOKP(key)) {
    if (algorithm !== COSEALG.EdDSA || key.get(COSEKEYS.crv) !== COSECRV.ED25519) return undefined;
    return { kty: 'OKP', crv: 'Ed25519', x: text(key.get(COSEKEYS.x)) };
  }
  if (!cose.isCOSEPublicKeyRSA(key) || algorithm !== COSEALG.RS256) return undefined;
  const modulus = key.get(COSEKEYS.n);
  if ((modulus?.length ?? 0) < MIN_RSA_BYTES) return undefined;
  return { kty: 'RSA', n: text(modulus), e: text(key.get(COSEKEYS.e)) };
}
