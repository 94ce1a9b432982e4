// Users that an operator has a hand in: set going again, let through the ceiling, or spared what was told wrongly.

import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import type { Leased } from '../dynamodb/fold.ts';
import type { Queue, UserRecord } from '../dynamodb/record.ts';
import type { ErrorCode } from '../errors.ts';
import { batchSize } from '../sync/batches.ts';
import { feedbackOf, type RunBudget } from '../sync/concurrency.ts';
import { converge } from '../sync/converge.ts';
import type { Outcome } from '../sync/outcome.ts';
import type { Fact, Facts } from '../user.ts';
import { isErased } from './tombstone.ts';

/**
 * What came of one user: as converge says, or
 * - `unknown`: there is no record of it.
 * - `busy`: somebody else is at work on it, until `busyUntil` at the latest.
 * - `nothing`: no event told that it was disabled or deleted.
 * - `erased`: what was erased stays so.
 */
export type UserResult = {
  readonly reference: string;
  readonly is: Outcome['is'] | 'unknown' | 'busy' | 'nothing' | 'erased';
  /** The queue in which it stood. */
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
  /** Whoever came to stand there after it, in milliseconds of our clock, is not meant: nobody has two turns. */
  readonly before: number;
};

export type UserCommand = (
  app: App,
  references: readonly string[],
  budget: RunBudget,
) => Promise<readonly UserResult[]>;

const maxShown = 100;

/** Looks at ROQ anew and makes it match, whatever is believed of it; what is parked is set going again. */
export const resync: UserCommand = async (app, references, budget) => {
  const taken = await takeAll(app, references, budget);
  return convergeTaken(app, taken, (record) => ({ ...record, observed: null }), budget);
};

/** Lets deactivations that are held through the ceiling; what is not held is set going again. */
export const release: UserCommand = async (app, references, budget) => {
  const taken = await takeAll(app, references, budget);
  const toWork = (record: Leased): Leased =>
    record.queue === 'held' ? { ...record, cleared: true } : { ...record, observed: null };
  return convergeTaken(app, taken, toWork, budget);
};

/**
 * Takes back that these users were disabled or deleted, as a fact a millisecond newer: a later event that says so
 * again is believed, the same one sent again is not.
 */
export const drop: UserCommand = async (app, references, budget) => {
  const taken = await Promise.all(references.map((reference) => takeBack(app, reference, budget)));
  return convergeTaken(app, taken, (record) => record, budget);
};

type Standing = { readonly queue: 'parked' | 'held'; readonly before: number };

/** Does to every user that stands in a queue, batch by batch, what `touch` does to some. */
export async function runOnQueue(
  app: App,
  touch: UserCommand,
  standing: Standing,
  budget: RunBudget,
): Promise<QueueResult> {
  const counts: Partial<Record<UserResult['is'], number>> = {};
  const users: UserResult[] = [];
  let isLate = false;
  const inTime = async function* () {
    for await (const batch of batchesIn(app, standing)) {
      isLate = app.now() >= budget.deadline;
      if (isLate) return;
      yield batch;
    }
  };
  const isWhole = await budget.concurrency.each(inTime(), async (references) => {
    const touched = await touch(app, references, budget);
    for (const { is } of touched) counts[is] = (counts[is] ?? 0) + 1;
    users.push(...touched.slice(0, maxShown - users.length));
    return feedbackOf(touched);
  });
  return { counts, users, more: isLate || !isWhole, before: standing.before };
}

async function* batchesIn(
  { queries, store }: App,
  { queue, before }: Standing,
): AsyncGenerator<readonly string[]> {
  let batch: string[] = [];
  for await (const { reference, dueAt } of queries.queued(queue)) {
    if ((dueAt ?? 0) > before) continue;
    // The index lags behind the table: what was settled meanwhile is no longer meant.
    if ((await store.get(reference))?.queue !== queue) continue;
    batch.push(reference);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

type Taken = { readonly reference: string } & (
  | { readonly leased: Leased }
  | { readonly leased: null; readonly touched: UserResult }
);

function takeAll(
  { store }: App,
  references: readonly string[],
  { leaseMs }: RunBudget,
): Promise<readonly Taken[]> {
  const owner = randomUUID();
  return Promise.all(
    references.map(async (reference) => {
      const leased = await store.take(reference, owner, leaseMs);
      if (leased) return { reference, leased };
      const record = await store.get(reference);
      return { reference, leased: null, touched: noResult(reference, record ? 'busy' : 'unknown', record) };
    }),
  );
}

async function takeBack({ store }: App, reference: string, { leaseMs }: RunBudget): Promise<Taken> {
  const none = (is: UserResult['is'], record: UserRecord | null): Taken => ({
    reference,
    leased: null,
    touched: noResult(reference, is, record),
  });
  const known = await store.get(reference);
  if (!known) return none('unknown', null);
  if (isErased(known.facts)) return none('erased', known);
  const overruling = toOverruling(known.facts);
  if (Object.keys(overruling).length === 0) return none('nothing', known);
  const { leased, record } = await store.fold(reference, overruling, randomUUID(), leaseMs);
  // Where somebody is at work on the user, it is recorded, and he goes round again with it.
  return leased
    ? { reference, leased: { ...leased, queue: known.queue } }
    : none('retry', { ...record, queue: known.queue });
}

function toOverruling({ disabled, deleted }: Facts): Facts {
  const overrule = ({ at }: Fact): Fact => ({ value: false, at: at + 1 });
  return {
    ...(disabled?.value === true && { disabled: overrule(disabled) }),
    ...(deleted?.value === true && { deleted: overrule(deleted) }),
  };
}

function noResult(reference: string, is: UserResult['is'], record: UserRecord | null): UserResult {
  const busyUntil = is === 'busy' || is === 'retry' ? (record?.lease?.untilMs ?? null) : null;
  return { reference, is, was: record?.queue ?? null, code: null, fields: [], busyUntil };
}

async function convergeTaken(
  app: App,
  taken: readonly Taken[],
  toWork: (record: Leased) => Leased,
  { deadline }: RunBudget,
): Promise<readonly UserResult[]> {
  const leased = taken.map(({ leased }) => leased).filter((record) => record !== null);
  const outcomes = await converge(app, leased.map(toWork), deadline);
  const outcomeOf = new Map(outcomes.map((outcome) => [outcome.reference, outcome]));
  return taken.map((one) => (one.leased ? toResult(one.leased, outcomeOf.get(one.reference)) : one.touched));
}

function toResult({ reference, queue }: Leased, outcome: Outcome | undefined): UserResult {
  const { is, code, fields } = outcome ?? { is: 'lost', code: null, fields: [] };
  return { reference, is, was: queue, code, fields, busyUntil: null };
}
