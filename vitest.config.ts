import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Processes, not threads: tests send signals. Twice what two cores carry: many wait for a server to start or to end.
    pool: 'forks',
    maxWorkers: 4,
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
          exclude: ['test/browser/**'],
          globalSetup: ['test/support/global_setup.ts'],
        },
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
