import type { z } from 'zod';
import { answerMfaMethod } from '../../api/config/mfa_methods/present.ts';
import { MfaMethodFile, toTransportInput } from '../../api/config/mfa_methods/schema.ts';
import { kind } from '../kind.ts';

const toInput = ({ secret, ...body }: z.output<typeof MfaMethodFile>) => ({
  ...toTransportInput(body),
  secret,
});

/** The ways of its own by which the tenant's mails and texts leave. */
export const mfaMethods = kind({
  noun: 'MFA method',
  path: 'mfa_methods/{id}.yaml',
  idField: 'id',
  secrets: ['secret'],
  repeatsSecrets: true,
  body: MfaMethodFile,
  comment: ({ auth }) =>
    Object.keys(auth ?? {}).length > 0
      ? 'Password, token or key is not exported. secret: { env: NAME } or { file: path } sets it; without, it stays as it is.'
      : undefined,
  list: async ({ domain, tenantId }) =>
    (await domain.transports.list({ tenantId })).map((transport) => ({
      id: transport.id,
      answer: answerMfaMethod(transport),
    })),
  create: async ({ domain, tenantId, by }, { id }, body) =>
    answerMfaMethod(await domain.transports.create({ tenantId }, { ...toInput(body), id }, by)),
  update: async ({ domain, tenantId, by }, { id }, body, expected) =>
    answerMfaMethod(
      await domain.transports.update({ tenantId, transportId: id }, toInput(body), by, expected),
    ),
  remove: ({ domain, tenantId, by }, { id }, expected) =>
    domain.transports.remove({ tenantId, transportId: id }, by, expected),
  holdsSecret: ({ domain, tenantId }, { id }, _field, secret) =>
    domain.transports.holdsSecret({ tenantId, transportId: id }, secret),
});
