import type { z } from 'zod';

/** An imported hash in the form it is stored in, or why it is none that we would verify. */
export type ReadHash =
  | { readonly ok: true; readonly stored: string }
  | { readonly ok: false; readonly reason: string };

export const refused = (reason: string): ReadHash => ({ ok: false, reason });
export const read = (stored: string): ReadHash => ({ ok: true, stored });

/** The first thing that is wrong with an object, as a reason. */
export function refusedBy(error: z.ZodError): ReadHash {
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return refused(`${where}${issue?.message ?? 'is no hash'}`);
}

/** Bytes in base64, plain or URL-safe, padded or not; undefined for anything else. */
export function fromBase64(text: string): Buffer | undefined {
  const plain = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={1,2}$/, '');
  const bytes = Buffer.from(plain, 'base64');
  return bytes.toString('base64').replaceAll('=', '') === plain ? bytes : undefined;
}

/** Bytes in hexadecimal; undefined for anything else. */
export function fromHex(text: string): Buffer | undefined {
  return /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** The logarithm to base 2 of a whole power of two above one; undefined for anything else. */
export function log2(n: number): number | undefined {
  const power = Math.log2(n);
  return Number.isInteger(power) && power >= 1 && power < 32 ? power : undefined;
}
