// Builds what the functions share, once a process: the store, ROQ, the clock and the log.

import { createHash } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { Config } from './config/config.ts';
import { connectDynamoDb } from './dynamodb/client.ts';
import {
  createDocuments,
  type Documents,
  type Finding,
  type Noted,
  type Notice,
} from './dynamodb/documents.ts';
import { createQueries, type Queries } from './dynamodb/queries.ts';
import { createStore, type Store } from './dynamodb/store.ts';
import { sourceOf } from './event.ts';
import { mapping } from './mapping/configured.ts';
import type { Mapping } from './mapping/mapping.ts';
import { log as writeLine } from './observability/log.ts';
import type { Log } from './observability/log-line.ts';
import { createRoq, type Roq } from './roq/client.ts';
import type { RoqError } from './roq/faults.ts';
import { type Admit, type CeilingLimits, createCeiling } from './sync/ceiling.ts';
import { createConcurrency, type RunBudget } from './sync/concurrency.ts';
import type { ConvergePorts } from './sync/converge.ts';
import type { ReceivePorts } from './sync/receive.ts';

export type App = {
  /** Of what is deployed. */
  readonly version: string;
  readonly store: Store;
  readonly queries: Queries;
  readonly documents: Documents;
  readonly roq: Roq;
  readonly admit: Admit;
  /** The ceiling on the deactivations of one run, within that of the hour. */
  readonly admitIn: (run: string) => Admit;
  readonly limits: CeilingLimits;
  /** What stands before the ids of a provider in references. */
  readonly prefixOf: (provider: string) => string;
  readonly noteDuplicates: ConvergePorts['noteDuplicates'];
  readonly noteHeard: ReceivePorts['noteHeard'];
  readonly noteForeign: ReceivePorts['noteForeign'];
  readonly noteAsk: ReceivePorts['noteAsk'];
  readonly noteNotice: ReceivePorts['noteNotice'];
  /** What the operator makes of users, by provider. */
  readonly mapping: Mapping;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
};

/** Opens no connection: that is left to the first call. */
export function connect(config: Config, log: Log = writeLine): App {
  const now = Date.now;
  const client = connectDynamoDb();
  const users = { client, tableName: config.tableName, now };
  const documents = createDocuments({ client, tableName: config.stateTableName, now });
  const ceiling = { documents, now, limits: config.ceiling };
  return {
    version: config.version,
    store: createStore(users),
    queries: createQueries(users),
    documents,
    roq: createRoq({ ...config.roq, now, onFailure: logFailure(log) }),
    admit: createCeiling(ceiling),
    admitIn: (run) => createCeiling(ceiling, run),
    limits: config.ceiling,
    prefixOf: (provider) => config.prefixes[sourceOf(provider)] ?? '',
    noteDuplicates: noteDuplicates(documents, log, now),
    noteHeard: noteHeard(documents, now),
    noteForeign: noteUsers(documents, now, 'foreign'),
    noteAsk: noteUsers(documents, now, 'ask'),
    noteNotice: noteNotice(documents, now),
    mapping,
    now,
    random: Math.random,
    log,
  };
}

/** Duplicates are for a person to look at: one line in the log, and an entry in the list of them. */
export function noteDuplicates(
  documents: Pick<Documents, 'put'>,
  log: Log,
  now: () => number,
): ConvergePorts['noteDuplicates'] {
  return async (reference, roqIds) => {
    log({ message: 'duplicates', reference, roqIds });
    for (const roqId of roqIds) {
      await documents.put('duplicate', roqId, { reference, foundAt: now() } satisfies Finding, null);
    }
  };
}

const keepNotedMs = 30 * 24 * 60 * 60_000;

/**
 * Keeps users for a month: `foreign`, of whom a provider spoke although another reported them first, for an operator to look
 * at; `ask`, of whom the provider has to be asked, for the function that may. Throws UnavailableError.
 */
export function noteUsers(
  documents: Pick<Documents, 'put'>,
  now: () => number,
  kind: 'foreign' | 'ask',
): ReceivePorts['noteForeign'] {
  return async (provider, references) => {
    for (const reference of references) {
      // A key has 1,024 bytes at most, a reference may have more.
      const id = `${provider}#${createHash('sha256').update(reference).digest('base64url')}`;
      await documents.put(kind, id, { provider, reference, at: now() } satisfies Noted, null, keepNotedMs);
    }
  };
}

/** Keeps the notice of a provider that events were lost, until the function that may has asked it. Throws UnavailableError. */
export function noteNotice(documents: Pick<Documents, 'put'>, now: () => number): ReceivePorts['noteNotice'] {
  return async (source) => {
    await documents.put('notice', source, { at: now() } satisfies Notice, null);
  };
}

function logFailure(log: Log): (failure: RoqError) => void {
  return ({ code, statusCode, errorCode, errorSubCode }) =>
    log({ message: 'roq', code, statusCode, errorCode, errorSubCode });
}

// Often enough to see that a provider fell silent, and no write for each event.
const heardEveryMs = 5 * 60_000;

/** Remembers when each provider last sent an event, to within five minutes. */
export function noteHeard(documents: Pick<Documents, 'put'>, now: () => number): ReceivePorts['noteHeard'] {
  const notedAt = new Map<string, number>();
  return async (provider) => {
    if (now() - (notedAt.get(provider) ?? 0) < heardEveryMs) return;
    notedAt.set(provider, now());
    await documents.put('heard', provider, { at: now() }, null);
  };
}

/**
 * How long a lease lasts that outlives the invocation which takes it.
 * The margin covers a clock that is off, and a call that was on its way when the invocation ended.
 */
export function leaseMsFor(remainingMs: number): number {
  return remainingMs + 30_000;
}

// Batches at ROQ at once in a run; live events are not counted, so that they always find room.
const maxConcurrentBatches = 8;

// What the outcomes of a last batch need to be written down.
const reserveMs = 5_000;

/** What a run may take that lasts as long as its invocation. */
export function budgetOf(
  { now }: Pick<App, 'now'>,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): RunBudget {
  const remainingMs = context.getRemainingTimeInMillis();
  const concurrency = createConcurrency({ max: maxConcurrentBatches });
  return { deadline: now() + remainingMs - reserveMs, leaseMs: leaseMsFor(remainingMs), concurrency };
}
