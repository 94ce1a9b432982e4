// Makes a failing history short: as few steps, deliveries and kinds of faults as still break the same invariant.

import { type History, kindWays, type Said, type Step } from './history.ts';
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
  if (!history.isShared) yield { ...history, isShared: true };
  for (const [name, kind] of Object.entries(kindWays)) {
    const way = name as keyof History['ways'];
    if (history.ways[way] !== kind) yield { ...history, ways: { ...history.ways, [way]: kind } };
  }
}

function* simplerThan(step: Step): Generator<Step> {
  if (step.is === 'backfill') {
    for (const user of step.users) yield { ...step, users: step.users.filter((other) => other !== user) };
    if (step.poisoned) yield { ...step, poisoned: null };
  }
  if (step.is !== 'event') return;
  if (step.deliveries.length > 1) {
    for (const i of step.deliveries.keys()) yield { ...step, deliveries: step.deliveries.toSpliced(i, 1) };
  }
  if (step.said.length > 1) {
    for (const i of step.said.keys()) yield { ...step, said: step.said.toSpliced(i, 1) };
  }
  for (const [i, said] of step.said.entries()) {
    for (const simpler of simplerSaid(said)) yield { ...step, said: step.said.with(i, simpler) };
  }
}

function* simplerSaid(said: Said): Generator<Said> {
  for (const member of Object.keys(said.user)) {
    const { [member]: _, ...user } = said.user;
    // A verification that comes without its address is another event, and not a simpler one.
    const isVerifying = 'email_verified' in user || said.kind === 'user.email_verified';
    if (member !== 'email' || !isVerifying) yield { ...said, user };
  }
}
