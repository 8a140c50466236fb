/** Ends a process in order: what was opened last is closed first. */
export type Shutdown = {
  /** Registers what must be closed; `name` is for the log. */
  onClose(name: string, close: () => Promise<unknown>): void;
  /** Runs every closer, each even if another fails. Calls after the first wait for the first. */
  close(): Promise<{ failed: boolean }>;
};

export function createShutdown(onError: (name: string, error: unknown) => void): Shutdown {
  const closers: { name: string; close: () => Promise<unknown> }[] = [];
  let running: Promise<{ failed: boolean }> | undefined;

  const closeAll = async () => {
    let failed = false;
    for (let next = closers.pop(); next; next = closers.pop()) {
      try {
        await next.close();
      } catch (error) {
        failed = true;
        onError(next.name, error);
      }
    }
    return { failed };
  };

  return {
    onClose: (name, close) => closers.push({ name, close }),
    close: () => (running ??= closeAll()),
  };
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Calls `stop` at the first SIGTERM or SIGINT and `force` at the second. */
export function onStopSignals(stop: (signal: string) => void, force: () => void): void {
  let received = 0;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      received += 1;
      if (received === 1) stop(signal);
      else force();
    });
  }
}
