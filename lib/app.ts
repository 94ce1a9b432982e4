// Builds what the functions share, once a process: the store, ROQ, the clock and the log.

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Admit, createCeiling } from './ceiling.ts';
import type { Config } from './config.ts';
import type { ConvergePorts } from './converge.ts';
import { createLists, type Lists } from './lists.ts';
import { type Log, log } from './log.ts';
import { createRoq, type Roq } from './roq/client.ts';
import { createState, type State } from './state.ts';
import { createStore, type Store } from './store.ts';

export type App = {
  readonly store: Store;
  readonly lists: Lists;
  readonly state: State;
  readonly roq: Roq;
  readonly admit: Admit;
  readonly noteDuplicates: ConvergePorts['noteDuplicates'];
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
  const users = { client, tableName: config.tableName, now };
  const state = createState({ client, tableName: config.stateTableName, now });
  return {
    store: createStore(users),
    lists: createLists(users),
    state,
    roq: createRoq({ ...config.roq, now }),
    admit: createCeiling({ state, now, limits: config.ceiling }),
    noteDuplicates: noteDuplicates(state, log, now),
    now,
    random: Math.random,
    log,
  };
}

/** Duplicates are for a person to look at: one line in the log, and an entry in the list of them. */
export function noteDuplicates(
  state: Pick<State, 'put'>,
  log: Log,
  now: () => number,
): ConvergePorts['noteDuplicates'] {
  return async (reference, roqIds) => {
    log({ message: 'duplicates', reference, roqIds });
    await state.put('duplicate', reference, { roqIds, foundAt: now() }, null);
  };
}

/**
 * How long a lease lasts that outlives the invocation which takes it.
 * The margin covers a clock that is off, and a call that was on its way when the invocation ended.
 */
export function leaseMsFor(remainingMs: number): number {
  return remainingMs + 30_000;
}
