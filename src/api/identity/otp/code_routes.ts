import { SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem } from '../../requirement.ts';
import { route } from '../../route.ts';
import { toUserKey } from './fields.ts';
import { CodeID, Codes, RequestCode, RequestCodeForUser } from './schema.ts';
import { RequestActivation } from '../activation/schema.ts';

const tag = 'users';
const POOL = `${SYSTEM_BASE}/pools/{ipID}` as const;
const DELIVERY = 'The caller delivers the code: nothing is sent. It takes the place of an earlier one.';

/** Codes in clear, for backends that deliver them; behind a scope that no client has by itself (contract 8.19). */
export const codeRoutes = [
  route({
    method: 'post',
    path: `${POOL}/user/code/generate`,
    operationId: 'GenerateCodeForUser',
    summary: 'Make a code for whoever the key names',
    description: DELIVERY,
    tag,
    requires: ofSystem('identity_self_registration'),
    body: RequestCodeForUser,
    answers: { status: 201, schema: Codes },
    refuses: [404, 412, 429],
    handler: async ({ params, body, by, allows, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const { code, extendedCode } = await domain.codeGeneration.generate(scope, {
        type: body.type,
        key: toUserKey(body),
        address: body.address,
        metadata: body.metadata,
        mayActFor: (userId) =>
          allows('manage_identity_pool_users', { type: 'user', poolId: params.ipID, userId }),
        by,
      });
      return { body: { code, extended_code: extendedCode } };
    },
  }),
  route({
    method: 'post',
    path: `${POOL}/users/{userID}/code/generate`,
    operationId: 'GenerateCode',
    summary: 'Make a code for a person',
    description: DELIVERY,
    tag,
    requires: ofSystem('identity_self_registration'),
    body: RequestCode,
    answers: { status: 201, schema: Codes },
    refuses: [404, 412, 429],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const { code, extendedCode } = await domain.codeGeneration.generate(scope, {
        type: body.type,
        key: { userId: params.userID },
        // The old name of the address.
        address: body.identifier ?? body.address,
        metadata: body.metadata,
        mayActFor: () => Promise.resolve(true),
        by,
      });
      return { body: { code, extended_code: extendedCode } };
    },
  }),
  route({
    method: 'post',
    path: `${POOL}/users/{userID}/activation/generate`,
    operationId: 'GenerateActivationCode',
    summary:
      'Make an activation code for a person and give its id; better generate a code of type activation',
    description: DELIVERY,
    tag,
    requires: ofSystem('identity_self_registration'),
    body: RequestActivation,
    answers: { status: 201, schema: CodeID },
    refuses: [404, 412, 429],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID };
      const { codeId } = await domain.codeGeneration.generate(scope, {
        type: 'activation',
        key: { userId: params.userID },
        address: body.identifier ?? body.address,
        mayActFor: () => Promise.resolve(true),
        by,
      });
      return { body: { code_id: codeId } };
    },
  }),
];
