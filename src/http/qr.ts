import { encode } from 'uqr';

/** A QR code as one path of squares, for an inline `<svg>`: no markup leaves this file. */
export type QrCode = {
  /** Modules on each side, the quiet zone included. */
  readonly size: number;
  /** The `d` of a `<path>`. */
  readonly path: string;
};

// ISO/IEC 18004 §9.1: four modules of quiet on every side.
const QUIET = 4;

/** The QR code of a text, such as an `otpauth:` address. Throws for a text beyond what a code can hold. */
export function qrCode(text: string): QrCode {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET });
  // One rectangle for every run of dark modules in a row.
  const rows = data.map((row, y) => {
    const runs = row
      .map((dark) => (dark ? '1' : '0'))
      .join('')
      .matchAll(/1+/g);
    return [...runs].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`).join('');
  });
  return { size, path: rows.join('') };
}

/** The address by which authenticator apps take a secret over (the de-facto Key URI Format). */
export function otpauthAddress({
  issuer,
  account,
  secret,
}: {
  readonly issuer: string;
  readonly account: string;
  readonly secret: string;
}): string {
  const label = `${encodeURIComponent(issuer.replaceAll(':', ' '))}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=6&period=30`;
}

/** A secret as people copy it by hand: in groups of four. */
export const inGroups = (secret: string): string => secret.replaceAll(/.{4}(?=.)/g, '$& ');
