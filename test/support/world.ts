// Our own code between a real DynamoDB engine and the ROQ stand-in, on a clock that stands still until it is moved.

import { randomUUID } from 'node:crypto';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { type App, noteDuplicates, noteHeard, noteNotice, noteUsers } from '../../lib/app.ts';
import { createDocuments } from '../../lib/dynamodb/documents.ts';
import type { Folded } from '../../lib/dynamodb/fold.ts';
import { createQueries } from '../../lib/dynamodb/queries.ts';
import type { UserRecord } from '../../lib/dynamodb/record.ts';
import { createStore } from '../../lib/dynamodb/store.ts';
import { noMapping } from '../../lib/mapping/mapping.ts';
import type { LogLine } from '../../lib/observability/log-line.ts';
import { createRoq } from '../../lib/roq/client.ts';
import { createCeiling } from '../../lib/sync/ceiling.ts';
import { createConcurrency } from '../../lib/sync/concurrency.ts';
import { type ConvergePorts, converge } from '../../lib/sync/converge.ts';
import { drain as drainDue } from '../../lib/sync/drain.ts';
import type { Outcome } from '../../lib/sync/outcome.ts';
import { type Told, toFacts } from '../../lib/user.ts';
import { type RoqOptions, startRoq } from '../../local/roq.ts';
import { startTable, startTableInProcess, stateTableName, tableName } from './table.ts';

const leaseMs = 40_000;

export type World = Awaited<ReturnType<typeof startWorld>>;

type WorldOptions = {
  /** The most users in one answer of ROQ. */
  readonly pageCap?: number;
  /** How long one call to it may take. */
  readonly timeoutMs?: number;
  readonly isInProcess?: boolean;
  /** How else ROQ behaves. */
  readonly roq?: RoqOptions;
};

export async function startWorld(options: WorldOptions = {}) {
  const { pageCap = 5, timeoutMs = 300, isInProcess = false } = options;
  let nowMs = Date.parse('2026-03-01T00:00:00Z');
  const now = () => nowMs;
  const table = isInProcess ? startTableInProcess() : await startTable();
  // On a clock that stands still all users would be of one instant.
  const roqServer = await startRoq({ pageCap, now, hasTies: false, ...options.roq });
  const users = { client: table.client, tableName, now };
  const store = createStore(users);
  const queries = createQueries(users);
  const documents = createDocuments({ client: table.client, tableName: stateTableName, now });
  const limits = { count: 1_000_000, share: 0 };
  const ceiling = { documents, now, limits };
  const { url, environmentId, apiKey } = roqServer;
  const roq = createRoq({ url, environmentId, apiKey, timeoutMs, now });
  const lines: LogLine[] = [];
  const log = (line: LogLine) => void lines.push(line);
  const ports: App = {
    store,
    queries,
    documents,
    roq,
    now,
    log,
    random: () => 0.5,
    admit: createCeiling(ceiling),
    admitIn: (run) => createCeiling(ceiling, run),
    limits,
    noteDuplicates: noteDuplicates(documents, log, now),
    noteHeard: noteHeard(documents, now),
    noteForeign: noteUsers(documents, now, 'foreign'),
    noteAsk: noteUsers(documents, now, 'ask'),
    noteNotice: noteNotice(documents, now),
    version: '0.0.0',
    prefixOf: () => '',
    mapping: noMapping,
  };

  function fold(reference: string, told: Told, at: number): Promise<Folded> {
    return store.fold(reference, toFacts(told, at), randomUUID(), leaseMs);
  }

  /** What the webhook does with an event. */
  async function deliver(
    reference: string,
    told: Told,
    at: number,
    through: ConvergePorts = ports,
  ): Promise<Outcome | undefined> {
    const { leased } = await fold(reference, told, at);
    return leased ? (await converge(through, [leased], nowMs + 2_000))[0] : undefined;
  }

  /** What the schedule does with whatever is due, until nothing is pending or `rounds` have passed. */
  async function drain(rounds = 5): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      nowMs += 2 * 60 * 60_000;
      const budget = { deadline: nowMs + 60_000, leaseMs, concurrency: createConcurrency({ max: 8 }) };
      const drained = await drainDue(ports, budget);
      if (Object.values(drained).every((count) => count === 0)) return;
    }
  }

  return {
    client: table.client,
    store,
    queries,
    documents,
    roq,
    roqServer,
    ports,
    limits,
    lines,
    fold,
    deliver,
    drain,
    now,
    pass: (ms: number) => {
      nowMs += ms;
    },
    record: (reference: string): Promise<UserRecord | null> => store.get(reference),
    /** As a table that was restored from a day before has it. */
    forget: (reference: string) =>
      table.client.send(
        new DeleteItemCommand({ TableName: tableName, Key: { reference: { S: reference } } }),
      ),
    usersOf: (reference: string) => roqServer.users.filter((user) => user.reference === reference),
    close: async () => {
      await roqServer.close();
      await table.close();
    },
  };
}
