import { algOf } from '../../../workspaces/signing_key.ts';
import { versionOf } from '../../etag.ts';
import { ofWorkspace } from '../../requirement.ts';
import { route } from '../../route.ts';
import { answerKey, answerKeys, answerSchedule, presentPublicKey } from './present.ts';
import {
  KeyRotation,
  KeyRotationBody,
  KeysQuery,
  PublicKey,
  RotateKeyQuery,
  ServerKey,
  ServerKeys,
  UseQuery,
} from './schema.ts';

const tag = 'keys';
const KEYS = '/api/admin/{tid}/servers/{wid}/keys';
const SCHEDULE = `${KEYS}/automatic-key-rotation`;

const scopeOf = (params: { readonly tid: string; readonly wid: string }) => ({
  tenantId: params.tid,
  workspaceId: params.wid,
});

export const keyRoutes = [
  route({
    method: 'get',
    path: KEYS,
    operationId: 'getKeys',
    summary: 'The keys that sign for a workspace, of one type: public parts only',
    tag,
    requires: ofWorkspace('read_keys'),
    query: KeysQuery,
    answers: { status: 200, schema: ServerKeys },
    refuses: [404],
    handler: async ({ params, query, domain }) =>
      answerKeys(await domain.keys.list(scopeOf(params), query.key_type && algOf(query.key_type))),
  }),
  route({
    method: 'get',
    path: SCHEDULE,
    operationId: 'getAutomaticKeyRotation',
    summary: 'When the keys rotate by themselves',
    tag,
    requires: ofWorkspace('read_keys'),
    query: UseQuery,
    answers: { status: 200, schema: KeyRotation },
    refuses: [404],
    handler: async ({ params, domain }) => answerSchedule(await domain.keySchedules.get(scopeOf(params))),
  }),
  route({
    method: 'put',
    path: SCHEDULE,
    operationId: 'setAutomaticKeyRotation',
    summary: 'Set when the keys of all types rotate by themselves',
    tag,
    requires: ofWorkspace('manage_keys'),
    query: UseQuery,
    body: KeyRotationBody,
    answers: { status: 200, schema: KeyRotation },
    refuses: [404, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const startingFrom = body.starting_from === undefined ? null : new Date(body.starting_from);
      const schedule = { enabled: body.enabled, cron: body.cron, startingFrom };
      return answerSchedule(await domain.keySchedules.set(scopeOf(params), schedule, by, expected));
    },
  }),
  route({
    method: 'get',
    path: `${KEYS}/{kid}/raw`,
    operationId: 'getKey',
    summary: 'A published key as a JWK, as the JWKS has it',
    tag,
    requires: ofWorkspace('read_keys'),
    answers: { status: 200, schema: PublicKey },
    refuses: [404],
    handler: async ({ params, domain }) => {
      const body = presentPublicKey(await domain.keys.getPublished(scopeOf(params), params.kid));
      return { body, version: versionOf(body) };
    },
  }),
  route({
    method: 'post',
    path: `${KEYS}/rotate`,
    operationId: 'rotateKey',
    summary: 'Let the next key sign, and publish another that follows it',
    description:
      'Gives the key that signs from now on. 409 until the next key has been published for as long as clients may keep a JWKS; the message says from when on. The first key of a type is made by this, and signs at once.',
    tag,
    requires: ofWorkspace('manage_keys'),
    query: RotateKeyQuery,
    answers: { status: 200, schema: ServerKey },
    refuses: [404, 409, 412],
    handler: async ({ params, query, by, expected, domain }) =>
      answerKey(await domain.keys.rotate(scopeOf(params), algOf(query.key_type), by, expected)),
  }),
  route({
    method: 'post',
    path: `${KEYS}/revoke/{kid}`,
    operationId: 'revokeKey',
    summary: 'End a key at once, with all that it signed',
    description:
      'For a key that somebody else may have. The next key takes over where the current one is revoked, though clients that keep their JWKS may not know it for five minutes.',
    tag,
    requires: ofWorkspace('manage_keys'),
    query: UseQuery,
    answers: { status: 200, schema: ServerKey },
    refuses: [404, 409, 412],
    handler: async ({ params, by, expected, domain }) =>
      answerKey(await domain.keys.revoke(scopeOf(params), params.kid, by, expected)),
  }),
];
