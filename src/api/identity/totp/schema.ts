import { z } from 'zod';

// The domain says what a secret and a code are; this only bounds what it looks at.
const secret = z.string().max(256).meta({ description: 'base32, 16 to 64 bytes; SHA-1, 6 digits, 30 s' });

export const ChangeTotpSecret = z
  .strictObject({
    totp: z.string().max(32).meta({ description: 'A current code of the secret that is replaced' }),
    new_totp_secret: secret,
  })
  .meta({ id: 'ChangeTotpSecret' });

export const SetTotpSecret = z.strictObject({ new_totp_secret: secret }).meta({ id: 'SetTotpSecret' });
