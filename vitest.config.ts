import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Processes, not threads: tests send signals, and argon2 and PostgreSQL already use the cores.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    restoreMocks: true,
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
          testTimeout: 60_000,
        },
      },
    ],
  },
});
