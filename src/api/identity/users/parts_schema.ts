import { z } from 'zod';
import { invalid } from '../../../domain_error.ts';
import type { AddressChange } from '../../../users/address_service.ts';
import type { KnownName } from '../../../users/named_user_store.ts';
import type { NewAddress } from '../../../users/user.ts';
import { freeMap } from '../../fields.ts';
import { addressStatus, addressType, contactMethod, identifierType, name } from './schema.ts';

/** What adds to, changes and takes from what a person is known by (contract 1.8, 1.9). */
export const AddUserIdentifier = z
  .strictObject({ identifier: name, type: identifierType, metadata: freeMap.optional() })
  .meta({ id: 'AddUserIdentifier' });

export const DeleteUserIdentifier = z.strictObject({ identifier: name }).meta({ id: 'DeleteUserIdentifier' });

export const AddUserVerifiableAddress = z
  .strictObject({
    address: name,
    type: addressType,
    verified: z.boolean(),
    status: addressStatus.optional(),
    preferred_contact_method: contactMethod.optional(),
    metadata: freeMap.optional(),
  })
  .meta({ id: 'AddUserVerifiableAddress' });

export const UpdateUserVerifiableAddress = z
  .strictObject({
    address: name,
    status: addressStatus,
    verified: z.boolean(),
    preferred_contact_method: contactMethod.optional(),
    metadata: freeMap.optional(),
  })
  .meta({ id: 'UpdateUserVerifiableAddress' });

export const DeleteUserVerifiableAddress = z
  .strictObject({ address: name })
  .meta({ id: 'DeleteUserVerifiableAddress' });

export const GetUserByKey = z
  .strictObject({ identifier: name.optional(), address: name.optional() })
  .meta({ id: 'GetUserByKey', description: 'One of the two' });

export const toNewAddress = (body: z.output<typeof AddUserVerifiableAddress>): NewAddress => ({
  address: body.address,
  type: body.type,
  verified: body.verified,
  status: body.status,
  preferredContactMethod: body.preferred_contact_method,
  metadata: body.metadata,
});

export const toAddressChange = (body: z.output<typeof UpdateUserVerifiableAddress>): AddressChange => ({
  address: body.address,
  status: body.status,
  verified: body.verified,
  preferredContactMethod: body.preferred_contact_method,
  metadata: body.metadata,
});

/** Throws `DomainError` (422) for none of the two, and for both. */
export function toKnownName({ identifier, address }: z.output<typeof GetUserByKey>): KnownName {
  if (identifier !== undefined && address === undefined) return { identifier };
  if (address !== undefined && identifier === undefined) return { address };
  throw invalid('', 'must name either an identifier or an address');
}
