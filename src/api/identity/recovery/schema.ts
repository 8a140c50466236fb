import { z } from 'zod';
import { address, code, who } from '../otp/fields.ts';
import { CredentialRecord } from '../../../credentials/passkey_document.ts';

const newPassword = z.string().max(4096);
const proof = { ...who, code, address: address.optional() };

export const RequestResetPassword = z.strictObject({ address }).meta({ id: 'RequestResetPassword' });
export const RequestAddOrResetCredential = z
  .strictObject({ ...who, address })
  .meta({ id: 'RequestAddOrResetCredential' });
export const CompleteResetPassword = z
  .strictObject({ ...proof, new_password: newPassword })
  .meta({ id: 'CompleteResetPassword' });
export const ConfirmResetPassword = z
  .strictObject({ ...who, code, new_password: newPassword })
  .meta({ id: 'ConfirmResetPassword' });
export const CompleteResetTotp = z
  .strictObject({ ...proof, new_totp_secret: z.string().max(256) })
  .meta({ id: 'CompleteResetTotp' });
export const CompleteAddWebAuthn = z
  .strictObject({ ...proof, new_web_authn: CredentialRecord })
  .meta({ id: 'CompleteAddWebAuthn' });
