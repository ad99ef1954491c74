import { defineConfig } from 'vitest/config';

// Workspace packages are run from their sources, so that a test never sees a stale build.
const conditions = ['source', 'module', 'node', 'development|production'];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: ['source', 'node'] } };

const second = 1_000;

export default defineConfig({
  test: {
    passWithNoTests: true,
    // A machine with two cores is the reference, and the tests with real daemons need the rest of them.
    maxWorkers: 2,
    projects: [
      {
        resolve,
        ssr,
        test: { name: 'unit', include: ['packages/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'], testTimeout: 20 * second },
      },
      { resolve, ssr, test: { name: 'e2e', include: ['test/**/*.test.ts'], testTimeout: 120 * second, hookTimeout: 60 * second } },
    ],
  },
});
