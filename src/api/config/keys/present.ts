import {
  usableFrom,
  type KeyList,
  type SigningKey,
  type VersionedKey,
} from '../../../workspaces/key_rules.ts';
import type { PlannedSchedule } from '../../../workspaces/key_schedule.ts';
import type { Answer } from '../../route.ts';

/** The public members alone, named one by one. */
export function presentPublicKey({ kid, alg, publicJwk }: SigningKey): object {
  const { kty, n, e, crv, x, y } = publicJwk;
  return { kid, kty, alg, use: 'sig', n, e, crv, x, y };
}

export function presentKey(key: SigningKey): object {
  const signs = key.status === 'current' || key.status === 'rotated';
  return {
    ...presentPublicKey(key),
    created_at: key.createdAt.toISOString(),
    // The keys that a workspace begins with sign from the first moment.
    promoted_at: (key.promotedAt ?? (signs ? key.createdAt : undefined))?.toISOString(),
    rotated_at: key.rotatedAt?.toISOString(),
    revoked_at: key.revokedAt?.toISOString(),
    usable_from: key.status === 'next' ? usableFrom(key).toISOString() : undefined,
    retires_at: key.status === 'rotated' ? key.retireAfter?.toISOString() : undefined,
  };
}

export const answerKey = (key: VersionedKey): Answer => ({ body: presentKey(key), version: key.rowVersion });

export function answerKeys({ keys, rowVersion }: KeyList): Answer {
  const only = (status: SigningKey['status']) =>
    keys.filter((key) => key.status === status).map((key) => presentKey(key));
  return {
    body: {
      current_key: only('current')[0],
      next_key: only('next')[0],
      rotated_keys: only('rotated'),
      revoked_keys: only('revoked'),
    },
    version: rowVersion,
  };
}

export const answerSchedule = (schedule: PlannedSchedule): Answer => ({
  body: {
    enabled: schedule.enabled,
    cron: schedule.cron,
    starting_from: schedule.startingFrom?.toISOString(),
    scheduled_at: schedule.scheduledAt?.toISOString(),
  },
  version: schedule.rowVersion,
});
