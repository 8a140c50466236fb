import { Client } from 'pg';

/** Texts of the statements that this process has sent, seen at the connection, whoever sent them. */
export type StatementLog = {
  /** What `work` sent, in order; transaction control included. */
  during<T>(work: () => Promise<T>): Promise<{ result: T; statements: string[] }>;
  stop(): void;
};

/** Begins to watch every PostgreSQL connection of this process. */
export function watchStatements(): StatementLog {
  // oxlint-disable-next-line typescript/unbound-method -- called with `this` below
  const original = Client.prototype.query;
  let sink: string[] | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- pg overloads `query` beyond what a type can say
  Client.prototype.query = function watched(this: Client, ...args: any[]) {
    const [query] = args as [string | { text?: string; name?: string }];
    sink?.push(typeof query === 'string' ? query : (query.name ?? query.text ?? ''));
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
