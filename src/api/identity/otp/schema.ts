import { z } from 'zod';
import { OTP_TYPES } from '../../../pools/pool.ts';
import { freeMap } from '../../fields.ts';
import { address, code, who } from './fields.ts';

const type = z.enum(OTP_TYPES);

export const RequestOTPChallenge = z.strictObject({ address }).meta({ id: 'RequestOTPChallenge' });
export const RequestOTPForAddress = z.strictObject({ address }).meta({ id: 'RequestOTPForAddress' });
export const RequestOTPCode = z
  .strictObject({ ...who, address: address.optional() })
  .meta({ id: 'RequestOTPCode' });

export const InspectOTP = z.strictObject({ code }).meta({ id: 'InspectOTP' });
export const VerifyOTP = z
  .strictObject({
    ...who,
    code,
    id: z.string().max(64).optional().meta({ description: 'The old name of userID' }),
  })
  .meta({ id: 'VerifyOTP' });
export const BaseVerifyOTP = z.strictObject({ ...who, code }).meta({ id: 'BaseVerifyOTP' });
export const CompleteAddressVerification = z
  .strictObject({ address, code })
  .meta({ id: 'CompleteAddressVerification' });

export const InspectOTPUserOperationalData = z
  .strictObject({ user_id: z.string(), code_type: type, password_set: z.boolean() })
  .meta({ id: 'InspectOTPUserOperationalData' });

const wish = {
  type,
  address: address.optional(),
  identifier: who.identifier,
  metadata: freeMap.optional(),
};
export const RequestCode = z.strictObject(wish).meta({ id: 'RequestCode' });
export const RequestCodeForUser = z
  .strictObject({ ...wish, userID: who.userID })
  .meta({ id: 'RequestCodeForUser' });
export const Codes = z.strictObject({ code: z.string(), extended_code: z.string() }).meta({ id: 'Codes' });
export const CodeID = z.strictObject({ code_id: z.string() }).meta({ id: 'CodeID' });
