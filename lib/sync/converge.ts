// The one function that makes ROQ match the record: in what order to look and act.

import type { Leased } from '../dynamodb/fold.ts';
import { type ApplyPorts, apply, fail } from './apply.ts';
import { batchSize } from './batches.ts';
import { lookUp, planFor } from './look-up.ts';
import { type Outcome, type OutcomePorts, type Result, recordOutcome } from './outcome.ts';

export type ConvergePorts = OutcomePorts & ApplyPorts;

/**
 * Makes ROQ match each record, in batches of one request, and ends every lease.
 * A look-up comes before every create, and a mark holds only for the version it was made for: new facts that come
 * in meanwhile send the record round again. No call to ROQ is begun after `deadline` (milliseconds of our clock).
 * @throws UnavailableError when DynamoDB does not take an outcome, once the others have had their turn; the lease of that
 * record then runs out by itself.
 */
export async function converge(
  ports: ConvergePorts,
  leased: readonly Leased[],
  deadline: number,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const failures: unknown[] = [];
  const queue = [...leased];
  while (queue.length > 0) {
    const results = await convergeOnce(ports, queue.splice(0, batchSize), deadline);
    for (const recorded of await Promise.allSettled(results.map((result) => recordOutcome(ports, result)))) {
      if (recorded.status === 'rejected') failures.push(recorded.reason);
      else if (recorded.value.outcome) outcomes.push(recorded.value.outcome);
      else if (recorded.value.again) queue.push(recorded.value.again);
    }
  }
  if (failures.length > 0) throw failures[0];
  return outcomes;
}

async function convergeOnce(
  ports: ConvergePorts,
  records: readonly Leased[],
  deadline: number,
): Promise<readonly Result[]> {
  const known = records.filter(isKnown).map((record) => planFor(record, record.roqId, () => record.observed));
  const unknown = records.filter((record) => !isKnown(record));
  const found = [...known, ...(await lookUp(ports, unknown, deadline))];
  const failed = found.flatMap(({ task, failure }) => (failure ? [fail(task, failure)] : []));
  const ready = found.filter(({ failure }) => failure === null).map(({ task }) => task);
  return [...failed, ...(await apply(ports, ready, deadline))];
}

// What ROQ holds must be known at least of the address, for a verification belongs to one; and a user whom ROQ has lost
// may have been made there anew.
function isKnown({ roqId, observed, facts, lastError }: Leased): boolean {
  if (roqId === null || observed === null || lastError === 'roq_user_missing') return false;
  return facts.email === undefined || observed.email !== undefined;
}
