import { z } from 'zod';
import { ExtendedUser, NewUserPayload, UpdateUser, UserWithData } from '../users/schema.ts';

// Delegated administrators neither see nor set metadata here: it has operations and permissions of its own.
const METADATA = {
  metadata: true,
  metadata_schema_id: true,
  business_metadata: true,
  business_metadata_schema_id: true,
} as const;

export const BaseNewUserPayload = NewUserPayload.omit(METADATA).meta({ id: 'BaseNewUserPayload' });
export const BaseUpdateUser = UpdateUser.omit(METADATA).meta({ id: 'BaseUpdateUser' });
export const BaseUserWithData = UserWithData.omit({ ...METADATA, user_type: true }).meta({
  id: 'BaseUserWithData',
});
export const B2BUsers = z
  .strictObject({ users: z.array(ExtendedUser.omit(METADATA).meta({ id: 'BaseExtendedUser' })) })
  .meta({ id: 'B2BUsers' });
