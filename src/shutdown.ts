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

/** Calls `stop` at the first of these signals and `force` at the second. */
export function onStopSignals(
  signals: readonly NodeJS.Signals[],
  stop: (signal: string) => void,
  force: () => void,
): void {
  let received = 0;
  for (const signal of signals) {
    process.on(signal, () => {
      received += 1;
      if (received === 1) stop(signal);
      else force();
    });
  }
}
