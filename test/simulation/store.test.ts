// The tests of everything that our code does with DynamoDB, once more on the engine that the simulator runs on.

import { vi } from 'vitest';

vi.stubEnv('DYNAMODB_ENGINE', 'simulated');

await import('../dynamodb/store.test.ts');
await import('../dynamodb/queries.test.ts');
await import('../dynamodb/documents.test.ts');
