import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { cacheFolder } from './host/cache.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

// What tests start leaves nothing in the caches of whoever runs them; what tests fetch stays where it is.
process.env['EXEC_SERVER_TEST_CACHE'] = cacheFolder();
process.env['XDG_CACHE_HOME'] = join(root, 'out', 'caches');

// Whoever runs them may have an agent of theirs work elsewhere; what tests start begins on this machine.
delete process.env['CODEX_EXEC_SERVER_URL'];

export default defineConfig({
  root,
  test: {
    // Child processes of tests must not inherit a machine's habits through these.
    unstubEnvs: true,
    projects: [
      {
        test: {
          name: 'unit',
          root,
          include: ['test/unit/**/*.test.ts'],
          // Bounds against hanging only, here as below; nothing is judged by time.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          root,
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/globalSetup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'conformance',
          root,
          include: ['test/conformance/**/*.test.ts'],
          globalSetup: ['test/support/globalSetup.ts', 'test/conformance/harness/globalSetup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'clients',
          root,
          include: ['test/clients/**/*.test.ts'],
          globalSetup: ['test/support/globalSetup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          root,
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 900_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
