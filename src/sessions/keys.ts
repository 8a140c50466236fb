import { createHash, randomUUID } from 'node:crypto';

/** The key under which a value that travels on the wire is kept: its SHA-256, base64url. */
export function keyOfValue(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}

/**
 * Names for rows that were found by another key than their value (design 3). A name is only understood by the
 * request that gave it: nobody outside can present one.
 */
export class Handles {
  readonly #salt = randomUUID();
  readonly #keys = new Map<string, string>();

  /** A name for the row with this key, to be used where the library wants its value. */
  nameOf(key: string): string {
    const handle = `~${keyOfValue(`${this.#salt}${key}`)}`;
    this.#keys.set(handle, key);
    return handle;
  }

  /** The key that a name of ours, or a value from the wire, stands for. */
  keyOf(id: string): string {
    return this.#keys.get(id) ?? keyOfValue(id);
  }
}
