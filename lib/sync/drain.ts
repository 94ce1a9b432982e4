// Converges whatever is due, so that what a webhook could not do is done later.

import { randomUUID } from 'node:crypto';
import type { Documents } from '../dynamodb/documents.ts';
import type { Leased } from '../dynamodb/fold.ts';
import type { Page, Queries } from '../dynamodb/queries.ts';
import { shardsOf } from '../dynamodb/record.ts';
import type { Store } from '../dynamodb/store.ts';
import { batchSize } from './batches.ts';
import { feedbackOf, type RunBudget } from './concurrency.ts';
import { type ConvergePorts, converge } from './converge.ts';
import type { Outcome } from './outcome.ts';

export type DrainPorts = ConvergePorts & {
  readonly store: ConvergePorts['store'] & Pick<Store, 'take'>;
  readonly queries: Pick<Queries, 'due'>;
};

/** How many records came to which end. */
export type Drained = Record<Outcome['is'], number>;

export const nothingDrained: Drained = { done: 0, waiting: 0, retry: 0, parked: 0, held: 0, lost: 0 };

/**
 * Converges the records that are due, several batches at once, until none is left, the time is up, or ROQ is down.
 * Runs that overlap do no harm: a record is converged by who takes its lease.
 * @throws UnavailableError `store_unavailable`, once the other batches have had their turn
 */
export async function drain(
  ports: DrainPorts,
  { deadline, leaseMs, concurrency }: RunBudget,
): Promise<Drained> {
  const drained = { ...nothingDrained };
  // What fails again is due after the start of this run, so that it is not met a second time.
  const startMs = ports.now();
  const failures: unknown[] = [];
  await concurrency.each(dueBatches(ports, startMs, deadline), async (due) => {
    try {
      const leased = await takeAll(ports, due, leaseMs, startMs);
      const outcomes = await converge(ports, leased, deadline);
      for (const { is } of outcomes) drained[is] += 1;
      return feedbackOf(outcomes);
    } catch (error) {
      // The other batches have their turn.
      failures.push(error);
      return 'down';
    }
  });
  if (failures.length > 0) throw failures[0];
  return drained;
}

async function* dueBatches(
  { queries, now }: DrainPorts,
  startMs: number,
  deadline: number,
): AsyncGenerator<readonly string[]> {
  for (const shard of shardsOf('pending')) {
    let page: Page<string> = { entries: [], next: null };
    do {
      if (now() >= deadline) return;
      page = await queries.due(shard, startMs, batchSize, page.next);
      if (page.entries.length > 0) yield page.entries;
    } while (page.next);
  }
}

// The index lags behind the table, and others may be at work: only what is still due is taken, as it is now.
async function takeAll(
  { store }: DrainPorts,
  due: readonly string[],
  leaseMs: number,
  dueByMs: number,
): Promise<readonly Leased[]> {
  const owner = randomUUID();
  const taken = await Promise.all(due.map((reference) => store.take(reference, owner, leaseMs, dueByMs)));
  return taken.filter((record) => record !== null);
}

type RanPorts = { readonly documents: Pick<Documents, 'put'>; readonly now: () => number };

/** Remembers that the schedule runs, which nothing else shows while nothing is due. @throws UnavailableError */
export async function noteRan({ documents, now }: RanPorts): Promise<void> {
  await documents.put('ran', 'drain', { at: now() }, null);
}

/** When the schedule last ran, in milliseconds; null for never. @throws UnavailableError */
export async function readRan(documents: Pick<Documents, 'get'>): Promise<number | null> {
  return (await documents.get<{ at: number }>('ran', 'drain'))?.document.at ?? null;
}
