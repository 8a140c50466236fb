import type { Knex } from 'knex';
import type { WorkspaceScope } from './config_change.ts';
import type { KeySchedule, PlannedSchedule } from './key_schedule.ts';

const SELECT = `r.enabled, r.cron, r.starting_from AS "startingFrom", r.scheduled_at AS "scheduledAt",
  r.row_version AS "rowVersion"`;
const OF_WORKSPACE = `r.tenant_id = :tenantId AND r.workspace_id = :workspaceId AND r.use = 'sig'`;

/** `schedule` is undefined where none was ever set; the answer itself where there is no workspace. */
export async function findSchedule(
  executor: Knex,
  scope: WorkspaceScope,
): Promise<{ readonly schedule: PlannedSchedule | undefined; readonly now: Date } | undefined> {
  const { rows } = await executor.raw<{ rows: (PlannedSchedule & { now: Date })[] }>(
    `SELECT clock_timestamp() AS now, ${SELECT} FROM workspaces w LEFT JOIN key_rotations r
         ON r.tenant_id = w.tenant_id AND r.workspace_id = w.workspace_id AND r.use = 'sig'
      WHERE w.tenant_id = :tenantId AND w.workspace_id = :workspaceId`,
    scope,
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const { now, ...schedule } = row;
  return { now, schedule: schedule.rowVersion === null ? undefined : schedule };
}

/** Gives the new row version. */
export async function putSchedule(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  schedule: KeySchedule & { readonly scheduledAt: Date | null },
): Promise<number> {
  const { rows } = await tx.raw<{ rows: { rowVersion: number }[] }>(
    `INSERT INTO key_rotations AS r (tenant_id, workspace_id, enabled, cron, starting_from, scheduled_at)
     VALUES (:tenantId, :workspaceId, :enabled, :cron, :startingFrom, :scheduledAt)
     ON CONFLICT (tenant_id, workspace_id, use) DO UPDATE
        SET enabled = excluded.enabled, cron = excluded.cron, starting_from = excluded.starting_from,
            scheduled_at = excluded.scheduled_at, row_version = r.row_version + 1, updated_at = now()
     RETURNING r.row_version AS "rowVersion"`,
    { ...scope, ...schedule },
  );
  return rows[0]!.rowVersion;
}

/** The cron of a schedule whose time has come, and the database's time. The keys are locked. */
export async function findDue(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
): Promise<{ readonly cron: string; readonly now: Date } | undefined> {
  const { rows } = await tx.raw<{ rows: { cron: string; now: Date }[] }>(
    `SELECT r.cron, clock_timestamp() AS now FROM key_rotations r
      WHERE ${OF_WORKSPACE} AND r.enabled AND r.scheduled_at <= clock_timestamp() FOR UPDATE`,
    scope,
  );
  return rows[0];
}

/** Moves a schedule on. What an administrator has set stays, and with it the version that they know. */
export async function scheduleNext(
  tx: Knex.Transaction,
  scope: WorkspaceScope,
  scheduledAt: Date | null,
): Promise<void> {
  await tx.raw(`UPDATE key_rotations r SET scheduled_at = :scheduledAt WHERE ${OF_WORKSPACE}`, {
    ...scope,
    scheduledAt,
  } as Knex.ValueDict);
}

/** Workspaces whose time has come, of all tenants, those that wait longest first. */
export async function dueWorkspaces(executor: Knex, limit: number): Promise<WorkspaceScope[]> {
  const { rows } = await executor.raw<{ rows: WorkspaceScope[] }>(
    `SELECT r.tenant_id AS "tenantId", r.workspace_id AS "workspaceId" FROM key_rotations r
      WHERE r.enabled AND r.scheduled_at <= now() ORDER BY r.scheduled_at LIMIT ?`,
    [limit],
  );
  return rows;
}
