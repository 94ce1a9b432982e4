// What resync, release and drop share: they take the leases of users, converge these, and say what came of each.

import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import type { Leased } from '../dynamodb/fold.ts';
import type { Queue, UserRecord } from '../dynamodb/record.ts';
import type { ErrorCode } from '../errors.ts';
import { addStep } from '../history.ts';
import { batchSize } from '../sync/batches.ts';
import { feedbackOf, type RunBudget } from '../sync/concurrency.ts';
import { converge } from '../sync/converge.ts';
import type { Outcome } from '../sync/outcome.ts';

/** Does one thing to some users, and says what came of each. */
export type UserCommand = (
  app: App,
  references: readonly string[],
  budget: RunBudget,
) => Promise<readonly UserResult[]>;

/**
 * What came of one user: an outcome of converge, or
 * - `unknown`: there is no record of the user.
 * - `busy`: another process has the lease, until `busyUntil` at the latest.
 * - `nothing`: no event said that the user was disabled or deleted.
 * - `erased`: the user was erased, which stands.
 */
export type UserResult = {
  readonly reference: string;
  readonly is: Outcome['is'] | 'unknown' | 'busy' | 'nothing' | 'erased';
  /** The queue in which the record stood. */
  readonly was: Queue | null;
  readonly code: ErrorCode | null;
  /** The ROQ fields that were changed. */
  readonly fields: readonly string[];
  readonly busyUntil: number | null;
};

export type QueueResult = {
  readonly counts: Readonly<Partial<Record<UserResult['is'], number>>>;
  /** The first of them. */
  readonly users: readonly UserResult[];
  /** Time ran out, or ROQ seems to be down: ask again, with this `before`. */
  readonly more: boolean;
  /** Users who entered the queue later, in milliseconds of our clock, are left out, so that nobody has two turns. */
  readonly before: number;
};

/** A user whose lease we have, or what came of the user without it. */
export type Taken = { readonly reference: string } & (
  | { readonly leased: Leased }
  | { readonly leased: null; readonly result: UserResult }
);

const maxShown = 100;

/** Runs a command on every user of a queue, batch by batch. @throws UnavailableError */
export async function runOnQueue(
  app: App,
  command: UserCommand,
  queue: Queue,
  before: number,
  budget: RunBudget,
): Promise<QueueResult> {
  const counts: Partial<Record<UserResult['is'], number>> = {};
  const users: UserResult[] = [];
  let isLate = false;
  const inTime = async function* () {
    for await (const batch of batchesIn(app, queue, before)) {
      isLate = app.now() >= budget.deadline;
      if (isLate) return;
      yield batch;
    }
  };
  const isWhole = await budget.concurrency.each(inTime(), async (references) => {
    const results = await command(app, references, budget);
    for (const { is } of results) counts[is] = (counts[is] ?? 0) + 1;
    users.push(...results.slice(0, maxShown - users.length));
    return feedbackOf(results);
  });
  return { counts, users, more: isLate || !isWhole, before };
}

async function* batchesIn(
  { queries, store }: App,
  queue: Queue,
  before: number,
): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  for await (const { reference, dueAt } of queries.queued(queue)) {
    if ((dueAt ?? 0) > before) continue;
    // The index lags behind the table: a user who has left the queue meanwhile is not meant.
    if ((await store.get(reference))?.queue !== queue) continue;
    batch.push(reference);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Takes the lease of each user who has a record and is not leased to another process. @throws UnavailableError */
export function takeAll(
  app: App,
  references: readonly string[],
  { leaseMs }: RunBudget,
): Promise<readonly Taken[]> {
  const owner = randomUUID();
  return Promise.all(references.map((reference) => take(app, reference, owner, leaseMs)));
}

/** Takes the lease of one user. @throws UnavailableError */
export async function take(
  { store }: Pick<App, 'store'>,
  reference: string,
  owner: string,
  leaseMs: number,
): Promise<Taken> {
  const leased = await store.take(reference, owner, leaseMs);
  if (leased) return { reference, leased };
  const record = await store.get(reference);
  return withoutLease(reference, record ? 'busy' : 'unknown', record);
}

/** What came of a user whose lease was not taken. */
export function withoutLease(
  reference: string,
  is: UserResult['is'],
  record: UserRecord | null,
): Extract<Taken, { leased: null }> {
  const isLeased = is === 'busy' || is === 'retry';
  const busyUntil = isLeased ? (record?.lease?.untilMs ?? null) : null;
  const result = { reference, is, was: record?.queue ?? null, code: null, fields: [], busyUntil };
  return { reference, leased: null, result };
}

/** Converges those whose lease was taken, each as `prepare` has it. @throws UnavailableError */
export async function convergeTaken(
  app: App,
  taken: readonly Taken[],
  prepare: (record: Leased) => Leased,
  { deadline }: RunBudget,
): Promise<readonly UserResult[]> {
  const leased = taken.map(({ leased }) => leased).filter((record) => record !== null);
  const outcomes = await converge(app, leased.map(prepare), deadline);
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.reference, outcome]));
  return taken.map((one) => (one.leased ? toResult(one.leased, outcomeOf.get(one.reference)) : one.result));
}

/** The record with an operator's command as its last step. */
export function withCommand(record: Leased, command: string, nowMs: number): Leased {
  const step = {
    at: nowMs,
    by: 'operator',
    what: command,
    toldAt: null,
    fields: [],
    flags: {},
    code: null,
  };
  return { ...record, steps: addStep(record.steps, step) };
}

/** What came of a user whose lease was taken; without an outcome the lease was lost. */
export function toResult({ reference, queue }: Leased, outcome: Outcome | undefined): UserResult {
  const { is, code, fields } = outcome ?? { is: 'lost', code: null, fields: [] };
  return { reference, is, was: queue, code, fields, busyUntil: null };
}
