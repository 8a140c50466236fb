import { type LogoutNotice, type NoticeRoom, receiversOf } from '../sessions/logout_notices_store.ts';

/** Attempts that have just begun. An application that answers does so within a fraction of a second. */
const AT_ONCE = 24;
/** After this an attempt waits for an application that is slow, and takes no place from others any more. */
const WAITS_AFTER_MS = 300;
/** Attempts of one tenant that wait: its slow applications delay nobody else's. */
const WAITING_EACH_TENANT = 48;
/** And of all: bounds sockets and memory. An attempt ends by the timeout of its fetch. */
const WAITING = 384;
/** An application that does not answer holds its own places only, and so do many at one host. */
const AT_ONCE_EACH = { application: 2, host: 8 } as const;

export type LogoutPlaces = {
  /** An attempt begins; it ends when the answer is called. */
  take(notice: Pick<LogoutNotice, 'tenantId' | 'clientId' | 'host'>): () => void;
  /** What can begin now; undefined: nothing. */
  room(): NoticeRoom | undefined;
};

/** What a process is sending at the moment, and what that leaves room for. */
export function createLogoutPlaces(): LogoutPlaces {
  const underWay = new Set<{ receivers: readonly string[]; tenantId: string; since: number }>();
  return {
    take(notice) {
      const { tenantId } = notice;
      const attempt = { receivers: receiversOf(notice), tenantId, since: performance.now() };
      underWay.add(attempt);
      return () => void underWay.delete(attempt);
    },

    room() {
      const before = performance.now() - WAITS_AFTER_MS;
      const waiting = [...underWay].filter(({ since }) => since <= before);
      const total = AT_ONCE - (underWay.size - waiting.length);
      if (total <= 0 || waiting.length >= WAITING) return undefined;
      const full = [...counted(waiting.map(({ tenantId }) => tenantId))];
      return {
        total,
        each: AT_ONCE_EACH,
        busy: Object.fromEntries(counted([...underWay].flatMap(({ receivers }) => receivers))),
        fullTenants: full.flatMap(([tenantId, count]) => (count >= WAITING_EACH_TENANT ? [tenantId] : [])),
      };
    },
  };
}

function counted(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
