import { ofSelf } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerCreationOptions, answerPasskeys } from '../webauthn/present.ts';
import {
  CredentialAssertion,
  CredentialCreationResponse,
  NameWebAuthnKey,
  toAnswerOfRecord,
  toCreationAnswer,
  WebAuthnCredentials,
} from '../webauthn/schema.ts';
import { changerOf, ownScope, SELF_BASE } from './own.ts';
import { SetWebAuthn } from './schema.ts';

const tag = 'self';
const KEYS = `${SELF_BASE}/v2/self/webauthn` as const;
const recently = ofSelf('manage_ss_profile', { recent: true });

export const passkeyRoutes = [
  route({
    method: 'post',
    path: `${KEYS}/create/begin`,
    operationId: 'BeginWebAuthnCredentialsGeneration',
    summary: 'What to ask one’s authenticator for',
    description:
      'Good for one answer within five minutes. The answer must come from the origin of the server itself.',
    tag,
    requires: recently,
    answers: { status: 200, schema: CredentialAssertion },
    refuses: [404],
    handler: async (input) =>
      answerCreationOptions(await input.domain.passkeys.beginCreation(ownScope(input))),
  }),
  route({
    method: 'post',
    path: `${KEYS}/create/complete`,
    operationId: 'CompleteWebAuthnCredentialsGeneration',
    summary: 'Register the passkey that one’s authenticator has made',
    description: 'Notices go to the person’s proven addresses.',
    tag,
    requires: recently,
    body: CredentialCreationResponse,
    answers: { status: 200, schema: WebAuthnCredentials },
    refuses: [404],
    handler: async (input) => {
      const { domain, body, by } = input;
      const answer = toCreationAnswer(body);
      return answerPasskeys(await domain.passkeys.completeCreation(ownScope(input), answer, by));
    },
  }),
  route({
    method: 'post',
    path: `${SELF_BASE}/v2/self/set-webauthn`,
    operationId: 'SetWebAuthn',
    summary: 'Register a first passkey from its record',
    description:
      'The record carries `attestation.clientDataJSON` and `attestation.object` of a ceremony that `webauthn/create/begin` began; it is checked as `webauthn/create/complete` checks it.',
    tag,
    requires: recently,
    body: SetWebAuthn,
    answers: { status: 204 },
    refuses: [404],
    handler: async (input) => {
      const { domain, body, by } = input;
      const answer = toAnswerOfRecord('/new_webauthn', body.new_webauthn);
      await domain.passkeys.setFirst(ownScope(input), answer, by);
      return {};
    },
  }),
  route({
    method: 'put',
    path: `${KEYS}/{webAuthnCredentialID}/name`,
    operationId: 'NameWebAuthnKey',
    summary: 'Name one of one’s passkeys',
    tag,
    requires: ofSelf('manage_ss_profile'),
    body: NameWebAuthnKey,
    answers: { status: 204 },
    refuses: [404],
    handler: async (input) => {
      const { domain, params, body, by } = input;
      await domain.passkeys.rename(ownScope(input), params.webAuthnCredentialID, body.name, by);
      return {};
    },
  }),
  route({
    method: 'delete',
    path: `${KEYS}/{webAuthnCredentialID}`,
    operationId: 'DeleteWebAuthnKey',
    summary: 'Delete one of one’s passkeys, but not the last',
    description: 'Ends one’s other sessions and refresh tokens.',
    tag,
    requires: ofSelf('manage_ss_profile'),
    answers: { status: 204 },
    refuses: [404],
    handler: async (input) => {
      const { domain, params, by } = input;
      const { keep } = changerOf(input);
      const id = params.webAuthnCredentialID;
      await domain.passkeys.remove(ownScope(input), id, by, { keepLast: true, keep });
      return {};
    },
  }),
];
