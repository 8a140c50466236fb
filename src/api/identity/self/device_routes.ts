import { ofSelf } from '../../requirement.ts';
import { route } from '../../route.ts';
import { ownScope, SELF_BASE } from './own.ts';
import { presentDevice } from './present.ts';
import { ListUserMFASessions } from './schema.ts';

const tag = 'self';

/** Browsers in which one’s second factor need not be proven again. */
export const deviceRoutes = [
  route({
    method: 'get',
    path: `${SELF_BASE}/v2/self/mfa/sessions`,
    operationId: 'ListUserMFASessions',
    summary: 'The browsers that one trusts',
    tag,
    requires: ofSelf('view_ss_profile'),
    answers: { status: 200, schema: ListUserMFASessions },
    refuses: [404],
    handler: async (input) => {
      const devices = await input.domain.devices.list(ownScope(input));
      return { body: { sessions: devices.map(presentDevice) } };
    },
  }),
  route({
    method: 'delete',
    path: `${SELF_BASE}/v2/self/mfa/sessions/{mfaSessionID}`,
    operationId: 'DeleteMFASession',
    summary: 'Trust a browser no more',
    tag,
    requires: ofSelf('manage_ss_profile'),
    answers: { status: 204 },
    refuses: [404],
    handler: async (input) => {
      const { domain, params, by } = input;
      await domain.devices.remove(ownScope(input), params.mfaSessionID, by);
      return {};
    },
  }),
];
