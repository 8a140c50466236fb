import type { Database } from '../db/connection.ts';
import { inTransaction } from '../db/transaction.ts';
import { notFound, requireVersion, type ExpectedVersion } from '../domain_error.ts';
import { SYSTEM_ACTOR, type Actor } from '../events/audit.ts';
import { recordAudit } from '../events/audit_store.ts';
import { changingConfig, type ConfigBus, type WorkspaceScope } from './config_change.ts';
import { promote } from './key_changes.ts';
import { firstTime, NO_SCHEDULE, timeAfter, type KeySchedule, type PlannedSchedule } from './key_schedule.ts';
import * as store from './key_schedule_store.ts';
import type { KeyService } from './key_service.ts';
import { lockKeys, readiness } from './key_store.ts';

/** Bounds one round of the job, by how long it keeps the others waiting. */
const DUE_A_ROUND = 1_000;
const RETIRED_A_ROUND = 200;
// An RSA key takes 80 ms of one core.
const PUBLISHED_A_ROUND = 50;

/** Rotation of signing keys by schedule, and the care of keys that nobody asks for. Throws `DomainError`. */
export function createKeyScheduleService({
  db,
  bus,
  keys,
}: {
  readonly db: Database;
  readonly bus: ConfigBus;
  readonly keys: KeyService;
}) {
  return {
    async get(scope: WorkspaceScope): Promise<PlannedSchedule> {
      const found = (await store.findSchedule(db.knex, scope)) ?? absent();
      return found.schedule ?? NO_SCHEDULE;
    },

    async set(
      scope: WorkspaceScope,
      schedule: KeySchedule,
      by: Actor,
      expected?: ExpectedVersion,
    ): Promise<PlannedSchedule> {
      return inTransaction(db, async (tx) => {
        if ((await lockKeys(tx, scope)) === undefined) absent();
        const { schedule: current = NO_SCHEDULE, now } = (await store.findSchedule(tx, scope)) ?? absent();
        requireVersion(expected, current);
        const scheduledAt = firstTime(schedule, now);
        const rowVersion = await store.putSchedule(tx, scope, { ...schedule, scheduledAt });
        const { workspaceId } = scope;
        await recordAudit(tx, scope, by, {
          subject: 'server',
          action: 'key_rotation_updated',
          workspaceId,
          payload: {
            server_id: workspaceId,
            enabled: schedule.enabled,
            cron: schedule.cron,
            scheduled_at: scheduledAt,
          },
        });
        return { ...schedule, scheduledAt, rowVersion };
      });
    },

    /**
     * One round of the job: rotates what is due, publishes next keys, deletes keys that have had their time. Any
     * number of processes may run it at once, and each may be killed anywhere. Gives how much there was to do.
     */
    async tend(): Promise<number> {
      let done = 0;
      for (const scope of await store.dueWorkspaces(db.knex, DUE_A_ROUND)) {
        if (await rotateDue(scope)) done += 1;
      }
      done += await keys.publishMissing(PUBLISHED_A_ROUND);
      return done + (await keys.retire(RETIRED_A_ROUND));
    },
  };

  /**
   * Rotates every algorithm and moves the schedule on, in one transaction: whoever comes second finds nothing
   * due. Waits, with the schedule as it is, until every next key has been published for long enough.
   */
  async function rotateDue(scope: WorkspaceScope): Promise<boolean> {
    return changingConfig(db, bus, async (tx, touch) => {
      const locked = await lockKeys(tx, scope);
      const due = locked && (await store.findDue(tx, scope));
      if (due === undefined) return false;
      const states = await readiness(tx, scope);
      if (!states.every(({ nextIsReady }) => nextIsReady)) return false;
      for (const { alg, isFull } of states) {
        // Too many are still published for tokens that are alive: this time passes without a rotation.
        if (!isFull)
          await promote(tx, scope, alg, { sessionSeconds: locked!.sessionSeconds, by: SYSTEM_ACTOR });
      }
      await store.scheduleNext(tx, scope, timeAfter(due.cron, due.now));
      await touch.workspace(scope);
      return true;
    });
  }
}

function absent(): never {
  throw notFound('Workspace');
}
