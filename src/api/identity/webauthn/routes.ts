import { SYSTEM_BASE } from '../../both_apis.ts';
import { ofSystem } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerCreationOptions, answerPasskeys } from './present.ts';
import {
  CredentialAssertion,
  CredentialCreationResponse,
  NameWebAuthnKey,
  toCreationAnswer,
  WebAuthnCredentials,
} from './schema.ts';

const tag = 'users';
const KEYS = `${SYSTEM_BASE}/pools/{ipID}/users/{userID}/webauthn` as const;

/** A person's passkeys, handled by a backend that has the person before it (contract 2.2). */
export const webauthnRoutes = [
  route({
    method: 'post',
    path: `${KEYS}/create/begin`,
    operationId: 'SystemBeginWebAuthnCredentialsGeneration',
    summary: 'What to ask a person’s authenticator for',
    description:
      'Good for one answer within five minutes. The answer must come from the origin of the server itself.',
    tag,
    requires: ofSystem('identity'),
    answers: { status: 200, schema: CredentialAssertion },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerCreationOptions(await domain.passkeys.beginCreation(scope));
    },
  }),
  route({
    method: 'post',
    path: `${KEYS}/create/complete`,
    operationId: 'SystemCompleteWebAuthnCredentialsGeneration',
    summary: 'Register the passkey that an authenticator has made',
    tag,
    requires: ofSystem('identity'),
    body: CredentialCreationResponse,
    answers: { status: 200, schema: WebAuthnCredentials },
    refuses: [404],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      return answerPasskeys(await domain.passkeys.completeCreation(scope, toCreationAnswer(body), by));
    },
  }),
  route({
    method: 'put',
    path: `${KEYS}/{webAuthnCredentialID}/name`,
    operationId: 'SystemNameWebAuthnKey',
    summary: 'Name a passkey',
    tag,
    requires: ofSystem('identity'),
    body: NameWebAuthnKey,
    answers: { status: 204 },
    refuses: [404],
    handler: async ({ params, body, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      await domain.passkeys.rename(scope, params.webAuthnCredentialID, body.name, by);
      return {};
    },
  }),
  route({
    method: 'delete',
    path: `${KEYS}/{webAuthnCredentialID}`,
    operationId: 'SystemDeleteWebAuthnKey',
    summary: 'Delete a passkey, even the last',
    tag,
    requires: ofSystem('identity'),
    answers: { status: 204 },
    refuses: [404],
    handler: async ({ params, by, domain }) => {
      const scope = { tenantId: params.tid, poolId: params.ipID, userId: params.userID };
      await domain.passkeys.remove(scope, params.webAuthnCredentialID, by, { keepLast: false });
      return {};
    },
  }),
];
