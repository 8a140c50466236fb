import { generateKeyPair, type JsonWebKey } from 'node:crypto';
import { promisify } from 'node:util';

const generate = promisify(generateKeyPair);

// RFC 7518 §3.3: at least 2048 bits.
const MODULUS_BITS = 2048;
// A key takes 80 ms of one core to make; two cover the workspaces of a small burst.
const STOCK_SIZE = 2;

export type RsaStock = {
  /** A private key nobody else has: a ready one where there is one. */
  take(): Promise<JsonWebKey>;
};

/** Keeps a few RSA keys ready, so that a new workspace does not wait for one. Begins with the first `take`. */
export function createRsaStock(size = STOCK_SIZE): RsaStock {
  const ready: Promise<JsonWebKey>[] = [];
  return {
    async take() {
      const key = ready.shift() ?? makeKey();
      while (ready.length < size) {
        const next = makeKey();
        // Whoever takes it hears of a failure; until then nobody does.
        next.catch(() => undefined);
        ready.push(next);
      }
      return key;
    },
  };
}

async function makeKey(): Promise<JsonWebKey> {
  const { privateKey } = await generate('rsa', { modulusLength: MODULUS_BITS });
  return privateKey.export({ format: 'jwk' });
}
