import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** A fresh unguessable value, base64url without padding. 32 bytes are 43 characters. */
export function randomToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url');
}

/** SHA-256 of the UTF-8 form: the handle under which a row is kept whose value only the bearer knows. */
export function sha256(value: string): Buffer {
  return createHash('sha256').update(value, 'utf8').digest();
}

/** Whether two secrets are equal, in a time that tells neither where they differ nor how long they are. */
export function constantTimeEqual(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}
