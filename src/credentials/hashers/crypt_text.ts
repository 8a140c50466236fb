/** What the crypt(3) family of formats shares: its own base64, six bits a character, the low ones first. */
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Three bytes, the first one highest, as `length` characters. */
export function encode24(first: number, second: number, third: number, length = 4): string {
  let bits = (first << 16) | (second << 8) | third;
  let text = '';
  for (let i = 0; i < length; i += 1) {
    text += ALPHABET[bits & 63];
    bits >>= 6;
  }
  return text;
}

/** Bytes over and over, up to a length. */
export const repeatTo = (bytes: Buffer, length: number): Buffer => Buffer.alloc(length, bytes);
