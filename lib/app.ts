// Builds what the functions share, once a process: the store, ROQ, the clock and the log.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Config } from './config.ts';
import { type Log, log } from './log.ts';
import { createRoq, type Roq } from './roq/client.ts';
import { createStore, type Store } from './store.ts';

export type App = {
  readonly store: Store;
  readonly roq: Roq;
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
    now,
    random: Math.random,
    log,
  };
}

/**
 * How long a lease lasts that outlives the invocation which takes it.
 * The margin covers a clock that is off, and a call that was on its way when the invocation ended.
 */
export function leaseMsFor(remainingMs: number): number {
  return remainingMs + 30_000;
}
