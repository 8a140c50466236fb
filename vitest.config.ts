import { defineConfig } from 'vitest/config';

/** Servers that bring a PostgreSQL of their own, started, killed and started again: minutes of waiting. */
const CRASH = [
  'test/cli/start_failures.test.ts',
  'test/demo/start.test.ts',
  'test/faults/acknowledged_writes.test.ts',
  'test/faults/embedded.test.ts',
  'test/faults/lifecycle.test.ts',
];

export default defineConfig({
  test: {
    // Processes, not threads: tests send signals. One more than two cores carry: many wait for a server to start.
    pool: 'forks',
    maxWorkers: 3,
    // Far beyond what anything takes: how fast a machine is decides about no test.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000, interval: 50 } },
    restoreMocks: true,
    // Every file has a server and a database of its own: the modules behind them are loaded once a process.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'server',
          include: ['test/**/*.test.ts'],
          exclude: ['test/browser/**', ...CRASH],
          globalSetup: ['test/support/global_setup.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'crash', include: CRASH, globalSetup: ['test/support/global_setup.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/support/global_setup.ts'],
        },
      },
    ],
  },
});
