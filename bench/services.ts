// ROQ and DynamoDB for a benchmark, each in a process of its own, and the settings by which functions reach them.

import { newWebhookSecret } from '../local/providers/signing.ts';
import { startChild } from './child.ts';
import type { Units } from './dynamodb.ts';
import type { Seed } from './seed.ts';

export type Counts = {
  readonly roqRequests: number;
  readonly roqUsers: number;
  readonly storeRequests: number;
} & Readonly<Units>;

export type Services = Awaited<ReturnType<typeof startServices>>;

export async function startServices() {
  const dynamoDb = startChild('serve-dynamodb.ts');
  const roq = startChild('serve-roq.ts');
  const [storeUrl, roqUrl] = await Promise.all([dynamoDb.ask<string>('url'), roq.ask<string>('url')]);
  const environment = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL_DYNAMODB: storeUrl,
    TABLE_NAME: 'users',
    STATE_TABLE_NAME: 'state',
    IDEMPOTENCY_TABLE_NAME: 'idempotency',
    ROQ_PLATFORM_URL: roqUrl,
    ROQ_ENVIRONMENT_ID: 'environment',
    ROQ_API_KEY: 'key',
    CEILING_COUNT: '1000000',
    PROVIDERS: 'clerk',
    CLERK_SECRETS: newWebhookSecret(),
    // As where it is deployed: with the figures of each line in the log.
    STAGE: 'bench',
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    POWERTOOLS_SERVICE_NAME: 'bench',
  };
  return {
    environment,
    latency: (ms: { readonly roq: number; readonly store: number }) =>
      Promise.all([roq.ask('latency', ms.roq), dynamoDb.ask('latency', ms.store)]),
    reset: () => Promise.all([roq.ask('reset'), dynamoDb.ask('reset')]),
    /** `pending`: recorded, and unknown to ROQ. */
    seed: async (seed: Seed) => {
      await dynamoDb.ask('seed', seed);
      if (seed.are === 'in step') await roq.ask('seed', seed.count);
    },
    counts: async (): Promise<Counts> => {
      const store = await dynamoDb.ask<Units & { requests: number }>('counts');
      const { requests, users } = await roq.ask<{ requests: number; users: number }>('counts');
      const { readUnits, writeUnits } = store;
      return { roqRequests: requests, roqUsers: users, storeRequests: store.requests, readUnits, writeUnits };
    },
    close: () => {
      dynamoDb.close();
      roq.close();
    },
  };
}
