import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// What tests start as a process of its own, such as the command line, is compiled once for all of them.
process.env.NODE_COMPILE_CACHE ??= `${import.meta.dirname}/node_modules/.cache/compiled`;

// Who replaces modules, or loads other tests anew, does so in a process of their own; all others share theirs, and with it
// what they import.
const alone = [
  'test/handlers/webhook-builder.test.ts',
  'test/signatures/cost.test.ts',
  'test/simulation/store.test.ts',
];

export default defineConfig({
  test: {
    maxWorkers: availableParallelism(),
    testTimeout: 20_000,
    hookTimeout: 60_000,
    unstubEnvs: true,
    restoreMocks: true,
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: alone, isolate: false },
      },
      { extends: true, test: { name: 'alone', include: alone } },
    ],
  },
});
