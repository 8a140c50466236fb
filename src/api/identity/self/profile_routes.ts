import { ofSelf, ofSelfV1 } from '../../requirement.ts';
import { route } from '../../route.ts';
import { ownScope, SELF_BASE } from './own.ts';
import { answerProfile, answerProfileV2 } from './present.ts';
import { SelfUserUpdate, SelfUserWithData, SelfUserWithDataV2 } from './schema.ts';

const tag = 'self';
const summary = { get: 'One’s own profile', put: 'Replace one’s own payload' } as const;

export const profileRoutes = [
  route({
    method: 'get',
    path: `${SELF_BASE}/self/me`,
    operationId: 'GetUserProfile',
    summary: summary.get,
    tag,
    requires: ofSelfV1('view_ss_profile'),
    answers: { status: 200, schema: SelfUserWithData },
    refuses: [404],
    handler: async (input) => answerProfile(await input.domain.profiles.get(ownScope(input))),
  }),
  route({
    method: 'put',
    path: `${SELF_BASE}/self/me`,
    operationId: 'UpdateUserProfile',
    summary: summary.put,
    tag,
    requires: ofSelfV1('manage_ss_profile'),
    body: SelfUserUpdate,
    answers: { status: 200, schema: SelfUserWithData },
    refuses: [404, 409, 412],
    handler: async (input) => {
      const { domain, body, by, expected } = input;
      return answerProfile(await domain.profiles.update(ownScope(input), body.payload, by, expected));
    },
  }),
  route({
    method: 'get',
    path: `${SELF_BASE}/v2/self/me`,
    operationId: 'GetUserProfileV2',
    summary: `${summary.get}, with credentials and ways to sign in`,
    tag,
    requires: ofSelf('view_ss_profile'),
    answers: { status: 200, schema: SelfUserWithDataV2 },
    refuses: [404],
    handler: async (input) => answerProfileV2(await input.domain.profiles.getWhole(ownScope(input))),
  }),
  route({
    method: 'put',
    path: `${SELF_BASE}/v2/self/me`,
    operationId: 'UpdateUserProfileV2',
    summary: summary.put,
    tag,
    requires: ofSelf('manage_ss_profile'),
    body: SelfUserUpdate,
    answers: { status: 200, schema: SelfUserWithDataV2 },
    refuses: [404, 409, 412],
    handler: async (input) => {
      const { domain, body, by, expected } = input;
      return answerProfileV2(await domain.profiles.updateWhole(ownScope(input), body.payload, by, expected));
    },
  }),
];
