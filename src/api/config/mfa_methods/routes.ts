import { ofTenant } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerMfaMethod, presentMfaMethod } from './present.ts';
import {
  CreateMfaMethodBody,
  MfaMethod,
  MfaMethods,
  TestMfaMethodBody,
  toTransportInput,
  UpdateMfaMethodBody,
} from './schema.ts';

const tag = 'mfaMethods';
const METHODS = '/api/admin/{tid}/mfa-methods';
const METHOD = `${METHODS}/{mfaID}`;

/** By which ways a tenant's mails and texts leave. */
export const mfaMethodRoutes = [
  route({
    method: 'get',
    path: METHODS,
    operationId: 'listMFAMethods',
    summary: 'The ways of its own by which the tenant’s mails and texts leave',
    tag,
    requires: ofTenant('read_mfa_methods'),
    answers: { status: 200, schema: MfaMethods },
    refuses: [],
    handler: async ({ params, domain }) => {
      const methods = await domain.transports.list({ tenantId: params.tid });
      return { body: { mfa_methods: methods.map(presentMfaMethod) } };
    },
  }),
  route({
    method: 'post',
    path: METHODS,
    operationId: 'createMFAMethod',
    summary: 'Send mails or texts by a provider of the tenant’s own',
    description:
      'Enabled, it takes the place of the operator’s way from the next message on. Passwords, tokens and keys are stored sealed and never answered.',
    tag,
    requires: ofTenant('manage_mfa_methods'),
    body: CreateMfaMethodBody,
    answers: { status: 201, schema: MfaMethod },
    refuses: [409],
    handler: async ({ params, body, by, domain }) => {
      const input = { ...toTransportInput(body), id: body.id };
      return answerMfaMethod(await domain.transports.create({ tenantId: params.tid }, input, by));
    },
  }),
  route({
    method: 'get',
    path: METHOD,
    operationId: 'getMFAMethod',
    summary: 'One of them, without its password, token or key',
    tag,
    requires: ofTenant('read_mfa_methods'),
    answers: { status: 200, schema: MfaMethod },
    refuses: [404],
    handler: async ({ params, domain }) =>
      answerMfaMethod(await domain.transports.get({ tenantId: params.tid, transportId: params.mfaID })),
  }),
  route({
    method: 'put',
    path: METHOD,
    operationId: 'updateMFAMethod',
    summary: 'Replace the settings; a password, token or key that is left out stays',
    description:
      'With another host, port, username, account or address the secret has to be sent again: nobody gets it sent to a host of theirs by changing settings.',
    tag,
    requires: ofTenant('manage_mfa_methods'),
    body: UpdateMfaMethodBody,
    answers: { status: 200, schema: MfaMethod },
    refuses: [404, 409, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const key = { tenantId: params.tid, transportId: params.mfaID };
      return answerMfaMethod(await domain.transports.update(key, toTransportInput(body), by, expected));
    },
  }),
  route({
    method: 'delete',
    path: METHOD,
    operationId: 'deleteMFAMethod',
    summary: 'Delete it; messages leave by the operator’s way again, those that wait too',
    tag,
    requires: ofTenant('manage_mfa_methods'),
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.transports.remove({ tenantId: params.tid, transportId: params.mfaID }, by, expected);
      return {};
    },
  }),
  route({
    method: 'post',
    path: `${METHOD}/test`,
    operationId: 'testMFAMethod',
    summary: 'Send a test message now, enabled or not, and tell what comes of it',
    description:
      'Answers when the provider has taken the message. When it has not, 422 `not_delivered` says why in words. 20 an hour, of these 5 to one address.',
    tag,
    requires: ofTenant('manage_mfa_methods'),
    body: TestMfaMethodBody,
    answers: { status: 200 },
    refuses: [404, 429],
    handler: async ({ params, body, by, domain }) => {
      await domain.transports.test({ tenantId: params.tid, transportId: params.mfaID }, body.address, by);
      return {};
    },
  }),
];
