// The tests of what stryker.config.json changes: few enough that each change is tried against them within seconds.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/{user,store,lists,converge,ceiling,webhook}.test.ts',
      'test/{signatures,providers}/*.test.ts',
    ],
    exclude: ['test/providers/door.test.ts'],
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
