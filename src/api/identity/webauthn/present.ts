import type { CreationOptions } from '../../../credentials/passkey_ceremony.ts';
import type { Passkey } from '../../../credentials/passkeys.ts';
import type { Answer } from '../../route.ts';

/** All keys of a person; bytes as standard base64 (contract 1.10). */
export const answerPasskeys = (keys: readonly Passkey[]): Answer => ({
  body: { credentials: keys.map(presentKey) },
});

export const answerCreationOptions = (options: CreationOptions): Answer => ({ body: { publicKey: options } });

const presentKey = (key: Passkey): object => ({
  id: base64(key.id),
  publicKey: base64(key.publicKey),
  attestationType: key.attestationType,
  transport: key.transports,
  flags: {
    // No key is registered without a person who was there.
    userPresent: true,
    userVerified: key.userVerified,
    backupEligible: key.backupEligible,
    backupState: key.backupState,
  },
  authenticator: {
    AAGUID: Buffer.from(key.aaguid.replaceAll('-', ''), 'hex').toString('base64'),
    signCount: key.signCount,
    cloneWarning: key.cloneWarning,
    attachment: key.attachment,
  },
});

const base64 = (text: string): string => Buffer.from(text, 'base64url').toString('base64');
