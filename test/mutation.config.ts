// The tests of what stryker.config.json changes: few enough that each change is tried against them within seconds.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/user.test.ts',
      'test/{dynamodb,sync}/*.test.ts',
      'test/handlers/webhook.test.ts',
      'test/{signatures,providers}/**/*.test.ts',
    ],
    // The one looks at the sources themselves, the other takes long.
    exclude: ['test/signatures/constant-time.test.ts', 'test/providers/door.test.ts'],
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
