// Makes a failing history short: as few steps, deliveries and kinds of faults as still break the same invariant.

import type { History, Step } from './history.ts';
import type { Violation } from './invariants.ts';
import { run } from './run.ts';

/** The shortest history found that breaks the invariant too, within so many runs. */
export async function shrink(history: History, violation: Violation, maxRuns = 600): Promise<History> {
  let smallest = history;
  let runs = 0;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smallerThan(smallest)) {
      if (runs++ >= maxRuns) return smallest;
      const report = await run(candidate);
      if (report.violation?.invariant !== violation.invariant) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

// The boldest attempts come first.
function* smallerThan(history: History): Generator<History> {
  const { steps } = history;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < steps.length; from += size) {
      yield { ...history, steps: [...steps.slice(0, from), ...steps.slice(from + size)] };
    }
  }
  yield* calmerThan(history);
  for (const [i, step] of steps.entries()) {
    for (const simpler of simplerThan(step)) yield { ...history, steps: steps.with(i, simpler) };
  }
}

/** Without one kind of fault, or one peculiarity. */
function* calmerThan(history: History): Generator<History> {
  const { rates } = history;
  for (const service of ['dynamodb', 'roq'] as const) {
    for (const [fault, rate] of Object.entries(rates[service])) {
      if (rate) yield { ...history, rates: { ...rates, [service]: { ...rates[service], [fault]: 0 } } };
    }
  }
  if (rates.dies > 0) yield { ...history, rates: { ...rates, dies: 0 } };
  if (rates.pauses > 0) yield { ...history, rates: { ...rates, pauses: 0 } };
  if (rates.roqMs > 20) yield { ...history, rates: { ...rates, roqMs: 20 } };
  if (history.skewMs > 0) yield { ...history, skewMs: 0 };
  if (history.lagMs > 0) yield { ...history, lagMs: 0 };
  if (history.ceiling < 1_000) yield { ...history, ceiling: 1_000_000 };
  if (history.pageCap < 25) yield { ...history, pageCap: 25 };
}

function* simplerThan(step: Step): Generator<Step> {
  if (step.is === 'backfill' && step.users.length > 1) {
    for (const user of step.users) yield { ...step, users: step.users.filter((other) => other !== user) };
  }
  if (step.is !== 'event') return;
  if (step.deliveries.length > 1) {
    for (const i of step.deliveries.keys()) yield { ...step, deliveries: step.deliveries.toSpliced(i, 1) };
  }
  for (const member of Object.keys(step.user)) {
    const { [member]: _, ...user } = step.user;
    yield { ...step, user };
  }
}
