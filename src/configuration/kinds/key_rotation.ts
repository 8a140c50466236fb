import { answerSchedule } from '../../api/config/keys/present.ts';
import { KeyRotationBody } from '../../api/config/keys/schema.ts';
import { kind } from '../kind.ts';

/** When the signing keys of a workspace rotate. The keys themselves stay where they are. */
export const keyRotation = kind({
  noun: 'key rotation',
  path: 'workspaces/{workspace}/key_rotation.yaml',
  body: KeyRotationBody,
  list: async ({ domain, tenantId }, { workspace }) => [
    {
      id: '',
      answer: answerSchedule(await domain.keySchedules.get({ tenantId, workspaceId: workspace })),
    },
  ],
  update: async ({ domain, tenantId, by }, { workspace }, body, expected) => {
    const { enabled, cron, starting_from: from } = body;
    const schedule = { enabled, cron, startingFrom: from === undefined ? null : new Date(from) };
    const scope = { tenantId, workspaceId: workspace };
    return answerSchedule(await domain.keySchedules.set(scope, schedule, by, expected));
  },
});
