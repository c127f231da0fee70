import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const SANDBOX = 'test/sandbox/**/*.test.ts';

export default defineConfig({
  test: {
    // Native modules and worker threads want whole processes.
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    // How long a page may take to show what is awaited, on a machine with other work; it is looked at often.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        // Programs meet limits of time here, which are theirs only while nothing else wants the processor.
        test: { name: 'sandbox', include: [SANDBOX], maxWorkers: 1, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        // Much of a test is waiting: for a browser, a child process, a limit. Two files at a time even on two cores.
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [SANDBOX],
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
