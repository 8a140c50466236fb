import type { Permission } from '../../../roles/permissions.ts';
import type { Answer } from '../../route.ts';

/** Which of the probed permissions the caller has, by the names of the wire. */
export const presentProbes = (
  probes: Readonly<Record<string, Permission>>,
  allowed: ReadonlySet<Permission>,
): Record<string, boolean> =>
  Object.fromEntries(Object.entries(probes).map(([name, permission]) => [name, allowed.has(permission)]));

/** The booleans, with an ETag that follows from them: one bit each. */
export const answerPermissions = (booleans: Readonly<Record<string, boolean>>): Answer => ({
  body: booleans,
  version: Object.values(booleans).reduce((bits, allowed) => bits * 2 + Number(allowed), 1),
});
