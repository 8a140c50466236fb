import { inBothApis } from '../../both_apis.ts';
import { ofUser } from '../../requirement.ts';
import { route } from '../../route.ts';
import {
  AddUserIdentifier,
  AddUserVerifiableAddress,
  DeleteUserIdentifier,
  DeleteUserVerifiableAddress,
  toAddressChange,
  toNewAddress,
  UpdateUserVerifiableAddress,
} from './parts_schema.ts';
import { answerAddress, answerIdentifier } from './present.ts';
import { UserIdentifier, UserVerifiableAddress } from './schema.ts';

const tag = 'users';

/** What a person signs in with and can be written to. The ETag of each answer is the person's. */
export const userPartRoutes = inBothApis(({ base, needs, name }) => [
  route({
    method: 'post',
    path: `${base}/pools/{ipID}/users/{userID}/identifiers/add`,
    operationId: name('AddUserIdentifier'),
    summary: 'Give a person another name to sign in with',
    tag,
    requires: needs(ofUser('manage_user_identifiers')),
    body: AddUserIdentifier,
    answers: { status: 200, schema: UserIdentifier },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerIdentifier(scope, await domain.identifiers.add(scope, body, by, expected));
    },
  }),
  route({
    method: 'post',
    path: `${base}/pools/{ipID}/users/{userID}/identifiers/remove`,
    operationId: name('DeleteUserIdentifier'),
    summary: 'Take a name to sign in with from a person; codes that may have gone there end',
    tag,
    requires: needs(ofUser('manage_user_identifiers')),
    body: DeleteUserIdentifier,
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const { version } = await domain.identifiers.remove(scope, body.identifier, by, expected);
      return { version };
    },
  }),
  route({
    method: 'post',
    path: `${base}/pools/{ipID}/users/{userID}/addresses/add`,
    operationId: name('AddUserVerifiableAddress'),
    summary: 'Give a person another address',
    tag,
    requires: needs(ofUser('manage_user_addresses')),
    body: AddUserVerifiableAddress,
    answers: { status: 200, schema: UserVerifiableAddress },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerAddress(scope, await domain.addresses.add(scope, toNewAddress(body), by, expected));
    },
  }),
  route({
    method: 'post',
    path: `${base}/pools/{ipID}/users/{userID}/addresses/update`,
    operationId: name('UpdateUserVerifiableAddress'),
    summary: 'Change the state of an address; what is optional and left out stays',
    tag,
    requires: needs(ofUser('manage_user_addresses')),
    body: UpdateUserVerifiableAddress,
    answers: { status: 200, schema: UserVerifiableAddress },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerAddress(scope, await domain.addresses.update(scope, toAddressChange(body), by, expected));
    },
  }),
  route({
    method: 'post',
    path: `${base}/pools/{ipID}/users/{userID}/addresses/remove`,
    operationId: name('DeleteUserVerifiableAddress'),
    summary: 'Take an address from a person; codes that may have gone there end',
    tag,
    requires: needs(ofUser('manage_user_addresses')),
    body: DeleteUserVerifiableAddress,
    answers: { status: 204 },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      const { version } = await domain.addresses.remove(scope, body.address, by, expected);
      return { version };
    },
  }),
]);
