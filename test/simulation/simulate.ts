// npm run simulate: many histories on all cores, or one again by its seed.

import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { drawHistory, type History } from './history.ts';
import { invariants, type Violation } from './invariants.ts';
import { run } from './run.ts';
import { shrink } from './shrink.ts';

const usage = `npm run simulate -- [options]
  --runs N     how many histories, on all cores; 2,000 where nothing is said
  --from N     the first seed of them; a random one where nothing is said
  --seed N     one history, shown step by step
  --whole      with --seed: the history as it was drawn, where it would be shown as short as it still fails
  --workers N  on how many cores`;

const { values: asked } = parseArgs({
  options: {
    ...{ runs: { type: 'string', default: '2000' }, from: { type: 'string' }, seed: { type: 'string' } },
    ...{ whole: { type: 'boolean', default: false }, workers: { type: 'string' } },
    help: { type: 'boolean', default: false },
  },
});

const isWorker = process.send !== undefined;
const [chunk, maxFailures] = [50, 5];
let shownAt = 0;

// What our code logs besides is no part of what is shown.
const print = (line: string) => process.stderr.write(`${line}\n`);

type Failure = { readonly seed: string; readonly violation: Pick<Violation, 'invariant' | 'message'> };
type Done = { readonly runs: number; readonly calls: number; readonly failures: readonly Failure[] };

if (asked.help) print(usage);
else if (isWorker) process.on('message', (from: number) => void work(from));
else if (asked.seed !== undefined) process.exitCode = (await replay(asked.seed)) ? 1 : 0;
else process.exitCode = (await simulate()) > 0 ? 1 : 0;

async function work(from: number): Promise<void> {
  const failures: Failure[] = [];
  let calls = 0;
  for (let seed = from; seed < from + chunk; seed++) {
    const report = await run(drawHistory(String(seed)));
    calls += report.calls;
    if (report.violation) {
      const { invariant, message } = report.violation;
      failures.push({ seed: String(seed), violation: { invariant, message } });
    }
  }
  process.send?.({ runs: chunk, calls, failures } satisfies Done);
}

/** Answers how many histories failed. */
async function simulate(): Promise<number> {
  const from = Number(asked.from ?? Math.floor(Math.random() * 1_000_000_000));
  const runs = Math.ceil(Number(asked.runs) / chunk) * chunk;
  const sum = { runs: 0, calls: 0, failures: [] as Failure[] };
  const startedAt = performance.now();
  let next = from;
  const count = Number(asked.workers ?? availableParallelism());
  print(`${runs} histories from seed ${from} on ${count} cores`);
  const workers = Array.from({ length: count }, () =>
    fork(import.meta.filename, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  const serve = (worker: ChildProcess) =>
    new Promise<void>((resolve, reject) => {
      const more = () => {
        if (next >= from + runs || sum.failures.length >= maxFailures) return void worker.kill();
        worker.send(next);
        next += chunk;
      };
      worker.on('message', ({ runs, calls, failures }: Done) => {
        sum.runs += runs;
        sum.calls += calls;
        sum.failures.push(...failures);
        progress(sum, startedAt);
        more();
      });
      worker.once('exit', (code) => (code ? reject(new Error('a worker broke down')) : resolve()));
      more();
    });
  await Promise.all(workers.map(serve));
  progress(sum, startedAt, true);
  for (const { seed } of sum.failures.slice(0, maxFailures)) await replay(seed);
  return sum.failures.length;
}

function progress({ runs, calls, failures }: Done, startedAt: number, isLast = false): void {
  const now = performance.now();
  if (!isLast && now - shownAt < 2_000) return;
  shownAt = now;
  const seconds = (now - startedAt) / 1000;
  const pace = `${Math.round(seconds)} s, ${Math.round(runs / seconds)} a second`;
  print(`${runs} histories, ${calls} calls, ${failures.length} failed; ${pace}`);
}

/** Shows one history; whether it failed. */
async function replay(seed: string): Promise<boolean> {
  const drawn = drawHistory(seed);
  const { violation } = await run(drawn);
  if (!violation) {
    if (asked.seed !== undefined) await show(drawn);
    print(`seed ${seed}: every invariant holds`);
    return false;
  }
  const history = asked.whole ? drawn : await shrink(drawn, violation);
  const shown = await show(history);
  print(`seed ${seed} broke invariant ${invariants[violation.invariant]}`);
  print(`${shown?.message ?? violation.message}`);
  print(`again: npm run simulate -- --seed ${seed}`);
  return true;
}

async function show(history: History): Promise<Violation | null> {
  const { steps, ...circumstances } = history;
  print(JSON.stringify(circumstances));
  for (const step of steps) print(JSON.stringify(step));
  const { violation } = await run(history, { trace: print });
  return violation;
}
