// The tests of everything that our code does with DynamoDB, once more on the engine that the simulator runs on.

import { vi } from 'vitest';

vi.stubEnv('DYNAMODB_ENGINE', 'simulated');

await import('../store.test.ts');
await import('../lists.test.ts');
await import('../state.test.ts');
