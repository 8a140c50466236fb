import { z } from 'zod';
import { freeMap } from '../../fields.ts';
import { address, code, codeForm, serverId } from '../otp/fields.ts';
import { CredentialRecord } from '../../../credentials/passkey_document.ts';

export const RequestActivation = z
  .strictObject({
    address: address.optional(),
    identifier: address.optional().meta({ description: 'The old name of address, which wins' }),
  })
  .meta({ id: 'RequestActivation' });

export const ActivationQuery = z.strictObject({
  server_id: serverId,
  code_type_in_message: codeForm,
  mode: z
    .string()
    .max(64)
    .optional()
    .meta({ description: '`registration` or `invitation`; both do the same' }),
  post_activation_url: z
    .string()
    .max(2048)
    .refine(isWebAddress, 'must be an http or https address')
    .optional()
    .meta({ description: 'Where the person goes on after activation' }),
});

/** Rule 23: nothing but the two schemes that a browser may be sent to. */
function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
}

export const MAX_PASSWORD_CHARS = 4096;
export const passkeys = z.array(CredentialRecord).max(20);

export const ActivateSelfRegisteredUser = z
  .strictObject({
    code,
    password: z.string().max(MAX_PASSWORD_CHARS).optional(),
    totp_secret: z.string().max(256).optional(),
    webauthn: passkeys.optional(),
    otp_address: address.optional(),
    payload: freeMap.optional().meta({ description: 'Completes what the person still lacks' }),
  })
  .meta({ id: 'ActivateSelfRegisteredUser' });
