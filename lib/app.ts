// Builds what the functions share, once a process: the store, ROQ, and the providers that are configured.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Config, ConnectedProvider } from './config.ts';
import { type Log, log } from './log.ts';
import { createRoq, type Roq } from './roq/client.ts';
import { createStore, type Store } from './store.ts';

export type App = {
  readonly store: Store;
  readonly roq: Roq;
  readonly providers: ReadonlyMap<string, ConnectedProvider>;
  /** How long a webhook may spend on ROQ before it answers. */
  readonly inlineBudgetMs: number;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
};

/** Opens no connection: that is left to the first call. */
export function connect(config: Config): App {
  const now = Date.now;
  const client = new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
  return {
    store: createStore({ client, tableName: config.tableName, now }),
    roq: createRoq({ ...config.roq, now }),
    providers: config.providers,
    inlineBudgetMs: config.inlineBudgetMs,
    now,
    random: Math.random,
    log,
  };
}
