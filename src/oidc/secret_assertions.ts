import { createHmac, timingSafeEqual } from 'node:crypto';
import { Provider } from 'oidc-provider';

/** A secret as the library keeps it for `client_secret_jwt`. */
export type SecretKey = {
  readonly kty: 'oct';
  readonly use: 'sig';
  readonly alg: 'HS256';
  readonly k: string;
};

/** The library's key store, as far as it verifies assertions by secrets. */
export type SecretKeyStore = {
  clear(): void;
  add(key: SecretKey): void;
  [Symbol.iterator](): Iterator<SecretKey>;
  selectForVerify(options: { readonly alg: string; readonly kid?: string }): SecretKey[];
  getKeyObject(key: SecretKey, getPublic?: boolean): SecretKey | Promise<SecretKey>;
};

type AsGuess = (presented: string, fits: () => boolean) => Promise<boolean>;

/**
 * Counts an assertion that a secret signs as a guess of the secret. Which of the client's secrets signed it is found
 * first, for a client at work presents the same secret in ever new assertions; it is said after it was counted.
 */
export function countAssertions(store: SecretKeyStore, asGuess: AsGuess): void {
  const select = Object.getPrototypeOf(store) as Pick<SecretKeyStore, 'selectForVerify'>;
  // The library tries one key after the other: here each assertion is one guess.
  store.selectForVerify = (options) => {
    const keys = select.selectForVerify.call(store, options);
    const assertion = presentedAssertion();
    return [keys.find((key) => isSignedWith(key, assertion)) ?? keys[0]].filter((key) => key !== undefined);
  };
  // The library awaits it, and verifies then. What is thrown here the unit of work keeps, and answers with.
  store.getKeyObject = async (key) => {
    const assertion = presentedAssertion();
    const fits = isSignedWith(key, assertion);
    await asGuess(fits ? Buffer.from(key.k, 'base64url').toString() : assertion, () => fits);
    return key;
  };
}

function presentedAssertion(): string {
  const given = Provider.ctx?.oidc.params?.client_assertion;
  return typeof given === 'string' ? given : '';
}

// RFC 7515 §5.2, RFC 7518 §3.2.
function isSignedWith({ k }: SecretKey, assertion: string): boolean {
  const end = assertion.lastIndexOf('.');
  const given = Buffer.from(assertion.slice(end + 1), 'base64url');
  const right = createHmac('sha256', Buffer.from(k, 'base64url')).update(assertion.slice(0, end)).digest();
  return given.length === right.length && timingSafeEqual(given, right);
}
