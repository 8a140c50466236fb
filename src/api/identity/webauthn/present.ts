import type { CreationOptions } from '../../../credentials/passkey_ceremony.ts';
import { recordOf } from '../../../credentials/passkey_document.ts';
import type { Passkey } from '../../../credentials/passkeys.ts';
import type { Answer } from '../../route.ts';

/** All keys of a person; bytes as standard base64 (contract 1.10). */
export const answerPasskeys = (keys: readonly Passkey[]): Answer => ({
  body: { credentials: keys.map(recordOf) },
});

export const answerCreationOptions = (options: CreationOptions): Answer => ({ body: { publicKey: options } });
