import { Client } from 'pg';
import { WORKER_APPLICATION_NAME } from '../../src/messages/worker.ts';

/** Texts of the statements that this process has sent, seen at the connection, whoever sent them. */
export type StatementLog = {
  /** What `work` sent, in order; transaction control included. */
  during<T>(work: () => Promise<T>): Promise<{ result: T; statements: string[] }>;
  stop(): void;
};

/** What a process asks once in a while, whoever happens to be served at that moment: counted, it would count at random. */
const NOW_AND_THEN: ReadonlySet<string> = new Set([
  'workspace-versions',
  'attempt-limits',
  'logout-notices-claim',
]);

/**
 * Begins to watch every PostgreSQL connection of this process, but those of the worker that sends messages, and
 * without what is asked now and then unless `everything` is.
 */
export function watchStatements({ everything = false } = {}): StatementLog {
  // oxlint-disable-next-line typescript/unbound-method -- called with `this` below
  const original = Client.prototype.query;
  let sink: string[] | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- pg overloads `query` beyond what a type can say
  Client.prototype.query = function watched(this: Client, ...args: any[]) {
    const [query] = args as [string | { text?: string; name?: string }];
    const { connectionParameters } = this as unknown as {
      connectionParameters: { application_name?: string };
    };
    const name = typeof query === 'string' ? query : (query.name ?? query.text ?? '');
    const ofWorker = connectionParameters.application_name === WORKER_APPLICATION_NAME;
    if (!ofWorker && (everything || !NOW_AND_THEN.has(name))) sink?.push(name);
    return (original as (...rest: unknown[]) => unknown).apply(this, args);
  } as typeof original;
  return {
    async during(work) {
      const statements: string[] = [];
      sink = statements;
      try {
        return { result: await work(), statements };
      } finally {
        sink = undefined;
      }
    },
    stop() {
      Client.prototype.query = original;
    },
  };
}
