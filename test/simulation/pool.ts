// Many histories on several processes.

import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { drawHistory } from './draw.ts';
import type { Violation } from './invariants.ts';
import { run } from './run.ts';

export type Failure = { readonly seed: string; readonly violation: Pick<Violation, 'invariant' | 'message'> };
export type Tally = { readonly runs: number; readonly calls: number; readonly failures: readonly Failure[] };

export type PoolOptions = {
  /** The first seed; the others follow it. */
  readonly from: number;
  readonly runs: number;
  readonly workers?: number;
  readonly onProgress?: (tally: Tally) => void;
};

const chunk = 50;
const maxFailures = 5;

/** Runs the histories of so many seeds, rounded up to fifties; ends early when some have failed. */
export async function runMany(options: PoolOptions): Promise<Tally> {
  const { from, runs, workers = availableParallelism(), onProgress } = options;
  const end = from + Math.ceil(runs / chunk) * chunk;
  let next = from;
  let tally: Tally = { runs: 0, calls: 0, failures: [] };
  const serve = (worker: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      const more = () => {
        if (next >= end || tally.failures.length >= maxFailures) worker.disconnect();
        else worker.send(next);
        next += chunk;
      };
      worker.on('message', (done: Tally) => {
        tally = {
          runs: tally.runs + done.runs,
          calls: tally.calls + done.calls,
          failures: [...tally.failures, ...done.failures],
        };
        onProgress?.(tally);
        more();
      });
      worker.once('exit', (code) => (code ? reject(new Error('a worker broke down')) : resolve()));
      more();
    });
  await Promise.all(Array.from({ length: workers }, () => serve(startWorker())));
  return tally;
}

// What our code logs is held against the invariants, and shown to nobody.
function startWorker(): ChildProcess {
  return fork(import.meta.filename, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
}

async function work(from: number): Promise<Tally> {
  const failures: Failure[] = [];
  let calls = 0;
  for (let seed = from; seed < from + chunk; seed++) {
    const report = await run(drawHistory(String(seed)));
    calls += report.calls;
    if (!report.violation) continue;
    const { invariant, message } = report.violation;
    failures.push({ seed: String(seed), violation: { invariant, message } });
  }
  return { runs: chunk, calls, failures };
}

if (import.meta.main) {
  process.on('message', async (from: number) => {
    process.send?.(await work(from));
  });
}
