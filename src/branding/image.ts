import { createHash } from 'node:crypto';
import type { ImageSlot } from './brand.ts';

/** An uploaded picture: its bytes in base64, and the hash that stands in its address. */
export type UploadedImage = { readonly type: string; readonly hash: string; readonly data: string };

const KIB = 1024;

/** Bytes a picture may have: what a page loads stays light. */
export const MAX_IMAGE_BYTES: Readonly<Record<ImageSlot, number>> = {
  logo: 32 * KIB,
  logoDark: 32 * KIB,
  favicon: 16 * KIB,
};

const DATA_URI = /^data:(image\/[a-z+.-]{1,20});base64,([A-Za-z0-9+/]+={0,2})$/;

/** Whether pages may load a picture from an address: they allow its host alone, so no password and no white space. */
export function isWebImage(uri: string): boolean {
  const url = /\s/.test(uri) ? null : URL.parse(uri);
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
}

type Check = (bytes: Buffer) => boolean;
const begins =
  (...bytes: readonly number[]): Check =>
  (content) =>
    bytes.every((byte, at) => content[at] === byte);

/** What a file of each type begins with: the type is what the bytes are, whatever the address says. */
const TYPES: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['image/png', begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)],
  ['image/jpeg', begins(0xff, 0xd8, 0xff)],
  ['image/gif', begins(0x47, 0x49, 0x46, 0x38)],
  [
    'image/webp',
    (bytes) => begins(0x52, 0x49, 0x46, 0x46)(bytes) && bytes.toString('latin1', 8, 12) === 'WEBP',
  ],
  ['image/x-icon', begins(0x00, 0x00, 0x01, 0x00)],
  ['image/svg+xml', isPlainSvg],
]);

const TYPE_RULE = 'must be a PNG, JPEG, GIF, WebP, ICO or SVG picture as data:image/...;base64,...';

/** Reads a picture from a data URI. Gives the picture, or what is wrong with it. */
export function readImage(uri: string, slot: ImageSlot): UploadedImage | { readonly problem: string } {
  const [, type = '', data = ''] = DATA_URI.exec(uri) ?? [];
  const check = TYPES.get(type);
  if (!check) return { problem: TYPE_RULE };
  const bytes = Buffer.from(data, 'base64');
  const limit = MAX_IMAGE_BYTES[slot];
  if (bytes.length > limit)
    return { problem: `must have at most ${limit / KIB} KiB, and has ${Math.ceil(bytes.length / KIB)}` };
  if (!check(bytes)) {
    return {
      problem:
        type === 'image/svg+xml'
          ? 'must be an SVG picture without scripts, event handlers, foreign objects and document types'
          : `must be what it says: the bytes are not ${type}`,
    };
  }
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return { type, hash, data: bytes.toString('base64') };
}

const SVG_ROOT = /^\uFEFF?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[^]*?-->\s*)*<svg[\s>]/;
const ACTIVE =
  /<!doctype|<!entity|<\s*(?:\w+:)?(?:script|foreignobject|iframe|object|embed)|\son\w+\s*=|javascript:/i;

/** Pages show it as a picture, where no script runs; opened by itself it is sandboxed. This is the third wall. */
function isPlainSvg(bytes: Buffer): boolean {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) && SVG_ROOT.test(text) && !ACTIVE.test(text);
}
