import { defineConfig } from 'vitest/config';

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
