import { z } from 'zod';
import { base64url } from './passkeys.ts';

/**
 * Bytes as WebAuthn libraries send them: base64 of either alphabet, padded or not, or an array of numbers. Read
 * as base64url without padding.
 */
export const bytes = (max: number) =>
  z
    .union([
      // A third more for base64, and room for its padding.
      z.string().max(Math.ceil((max * 4) / 3) + 4),
      z.array(z.int().min(0).max(255)).max(max),
    ])
    .transform((value, context) => {
      const text = typeof value === 'string' ? base64url(value) : Buffer.from(value).toString('base64url');
      if (text !== undefined && Buffer.byteLength(text, 'base64url') <= max) return text;
      context.addIssue('must be base64, or an array of bytes');
      return z.NEVER;
    })
    .meta({ format: 'byte' });
