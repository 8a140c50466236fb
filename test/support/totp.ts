import { generateSync } from 'otplib';

/** The code that an authenticator app shows at this moment for a secret (RFC 6238). */
export const totpCode = (secret: string): string => generateSync({ secret });
