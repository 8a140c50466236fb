import { Cron } from 'croner';
import { invalid } from '../domain_error.ts';

/** When the keys of a workspace rotate by themselves (contract 3.5). */
export type KeySchedule = {
  readonly enabled: boolean;
  /** Five fields, in UTC; may be empty while it is switched off. */
  readonly cron: string;
  readonly startingFrom: Date | null;
};

export type PlannedSchedule = KeySchedule & {
  /** The next time; null while it is switched off. */
  readonly scheduledAt: Date | null;
  readonly rowVersion: number;
};

export const NO_SCHEDULE: PlannedSchedule = {
  enabled: false,
  cron: '',
  startingFrom: null,
  scheduledAt: null,
  rowVersion: 0,
};

const MAX_CRON_LENGTH = 100;
const PART = '(?:\\*|[0-9]{1,2}(?:-[0-9]{1,2})?)(?:/[0-9]{1,2})?';
const FIELD = `${PART}(?:,${PART})*`;
// What every cron knows; the reader knows names, seconds, years and last days too, which other tools do not.
const CRON = new RegExp(`^${FIELD}(?: ${FIELD}){4}$`);

/** A key waits five and a half minutes before it signs, and stays published for a day after. */
const LEAST_APART_MS = 60 * 60 * 1000;
// Where two times of one day are closer than an hour, three in a row show it: they lie within one hour.
const SHOWN_APART = 3;

/**
 * The first time of the schedule after `now` and not before `startingFrom`; null while it is switched off.
 * Throws `DomainError` (invalid) for what is no schedule, never comes, or comes more than once an hour.
 */
export function firstTime({ enabled, cron, startingFrom }: KeySchedule, now: Date): Date | null {
  if (!enabled && cron === '') return null;
  const begin = startingFrom === null || startingFrom <= now ? now : new Date(startingFrom.getTime() - 1);
  const times = read(cron).nextRuns(SHOWN_APART, begin);
  const [first] = times;
  if (first === undefined) throw invalid('/cron', 'never comes');
  if (
    times.some((time, index) => index > 0 && time.getTime() - times[index - 1]!.getTime() < LEAST_APART_MS)
  ) {
    throw invalid('/cron', 'must leave an hour between one rotation and the next');
  }
  return enabled ? first : null;
}

/** The time after this one; null when there is none. For a schedule that was accepted before. */
export const timeAfter = (cron: string, now: Date): Date | null => read(cron).nextRun(now);

function read(cron: string): Cron {
  if (cron.length <= MAX_CRON_LENGTH && CRON.test(cron)) {
    try {
      return new Cron(cron, { mode: '5-part', timezone: 'UTC', paused: true });
    } catch {
      // Its message speaks of the reader's own rules.
    }
  }
  throw invalid(
    '/cron',
    'must be five fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday), each a number, *, a range 1-5, a step */2 or a list of these',
  );
}
