import { constants, setPriority } from 'node:os';
import { defineConfig } from 'vitest/config';

// What analyses lets others at the processors first (ports/yield-processors.ts); tests that kept them busy would wait
// for it in vain.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'data/**', '.stack/**'],
    globalSetup: ['dev/servers/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Two cores and a real PostgreSQL behind several suites: more workers only make each other late.
    maxWorkers: 2,
  },
});
