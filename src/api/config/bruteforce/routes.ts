import { ofTenant } from '../../requirement.ts';
import { route } from '../../route.ts';
import { presentLimit } from './present.ts';
import { BruteForceLimit, BruteForceLimitBody, BruteForceLimits } from './schema.ts';

const tag = 'brute force';
const LIMITS = '/api/admin/{tid}/bruteforce';

export const bruteForceRoutes = [
  route({
    method: 'get',
    path: LIMITS,
    operationId: 'listBruteForceLimits',
    summary: 'How often each kind of guess may fail, as set or by default',
    tag,
    requires: ofTenant('read_brute_force_protection'),
    answers: { status: 200, schema: BruteForceLimits },
    refuses: [],
    handler: async ({ params, domain }) => {
      const limits = await domain.attemptLimits.list({ tenantId: params.tid });
      return { body: { brute_force_limits: limits.map((limit) => presentLimit(params.tid, limit)) } };
    },
  }),
  route({
    method: 'put',
    path: LIMITS,
    operationId: 'setBruteForceLimit',
    summary: 'Set the limit of one kind of guess; it holds everywhere within two seconds',
    tag,
    requires: ofTenant('manage_brute_force_protection'),
    body: BruteForceLimitBody,
    answers: { status: 201, schema: BruteForceLimit },
    refuses: [404, 412],
    handler: async ({ params, body, by, expected, domain }) => {
      const chosen = { maxAttempts: body.max_attempts, blockSeconds: body.block_duration };
      const scope = { tenantId: params.tid };
      const limit = await domain.attemptLimits.set(scope, body.protected_type, chosen, by, expected);
      return { body: presentLimit(params.tid, limit), version: limit.rowVersion };
    },
  }),
  route({
    method: 'delete',
    path: `${LIMITS}/{protectedType}`,
    operationId: 'deleteBruteForceLimit',
    summary: 'Put one limit back to its default',
    tag,
    requires: ofTenant('manage_brute_force_protection'),
    answers: { status: 204 },
    refuses: [404, 412],
    handler: async ({ params, by, expected, domain }) => {
      await domain.attemptLimits.reset({ tenantId: params.tid }, params.protectedType, by, expected);
      return {};
    },
  }),
];
