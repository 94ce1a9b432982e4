// Converges whatever is due, so that what a webhook could not do is done later.

import { randomUUID } from 'node:crypto';
import { type ConvergePorts, converge, type Outcome } from './converge.ts';
import { shardsOf } from './record.ts';
import type { Leased, Store } from './store.ts';

export type DrainPorts = ConvergePorts & {
  readonly store: ConvergePorts['store'] & Pick<Store, 'due' | 'take'>;
};

export type DrainBudget = {
  /** No batch is begun after it, in milliseconds of our clock. */
  readonly deadline: number;
  /** How long a lease must last to outlive this invocation. */
  readonly leaseMs: number;
};

/** How many records came to which end. */
export type Drained = Record<Outcome['is'], number>;

const batchSize = 25;

/**
 * Converges the records that are due, batch by batch, until none is left or the time is up.
 * Runs that overlap do no harm: a record is converged by who takes its lease.
 * @throws UnavailableError `store_unavailable`
 */
export async function drain(ports: DrainPorts, { deadline, leaseMs }: DrainBudget): Promise<Drained> {
  const drained: Drained = { done: 0, waiting: 0, retry: 0, parked: 0, lost: 0 };
  const startMs = ports.now();
  for (const shard of shardsOf('pending')) {
    while (ports.now() < deadline) {
      // What fails again is due after the start of this run, so that every round has fewer left.
      const due = await ports.store.due(shard, startMs, batchSize);
      const leased = await takeAll(ports, due, leaseMs, startMs);
      const outcomes = await converge(ports, leased, deadline);
      for (const { is } of outcomes) drained[is] += 1;
      if (leased.length === 0) break;
    }
  }
  return drained;
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
