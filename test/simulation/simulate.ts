// npm run simulate: many histories on all cores, or one again by its seed; and every crash point.

import { parseArgs } from 'node:util';
import { crashEverywhere, listCases } from './crash-points.ts';
import { drawHistory } from './draw.ts';
import type { History } from './history.ts';
import { invariants, type Violation } from './invariants.ts';
import { runMany, type Tally } from './pool.ts';
import { run } from './run.ts';
import { shrink } from './shrink.ts';

const usage = `npm run simulate -- [options]
  --runs N        how many histories, on all cores; 2,000 where nothing is said
  --from N        the first seed of them; a random one where nothing is said
  --workers N     on how many cores
  --seed N        one history, shown step by step; one that fails as short as it still does
  --whole         with --seed: as it was drawn
  --crash-points  every failure of every call of the short histories instead, one at a time`;

const { values: asked } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    from: { type: 'string' },
    seed: { type: 'string' },
    workers: { type: 'string' },
    whole: { type: 'boolean', default: false },
    'crash-points': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

// The output of our own functions goes to stdout.
const print = (line: string) => process.stderr.write(`${line}\n`);

const everyMs = 2_000;

process.exitCode = (await main()) ? 0 : 1;

/** Whether everything held. */
async function main(): Promise<boolean> {
  if (asked.help) print(usage);
  else if (asked['crash-points']) return crashPoints();
  else if (asked.seed !== undefined) return replay(asked.seed);
  else return simulate();
  return true;
}

async function simulate(): Promise<boolean> {
  const from = Number(asked.from ?? Math.floor(Math.random() * 1_000_000_000));
  const startedAt = performance.now();
  let shownAt = startedAt;
  print(`${asked.runs} histories from seed ${from}`);
  const tally = await runMany({
    from,
    runs: Number(asked.runs),
    ...(asked.workers && { workers: Number(asked.workers) }),
    onProgress: (soFar) => {
      if (performance.now() - shownAt < everyMs) return;
      shownAt = performance.now();
      progress(soFar, startedAt);
    },
  });
  progress(tally, startedAt);
  for (const { seed } of tally.failures) await replay(seed);
  return tally.failures.length === 0;
}

function progress({ runs, calls, failures }: Tally, startedAt: number): void {
  const seconds = (performance.now() - startedAt) / 1000;
  const pace = `${Math.round(seconds)} s, ${Math.round(runs / seconds)} a second`;
  print(`${runs} histories, ${calls} calls, ${failures.length} failed; ${pace}`);
}

async function replay(seed: string): Promise<boolean> {
  const drawn = drawHistory(seed);
  const { violation } = await run(drawn);
  const history = violation && !asked.whole ? await shrink(drawn, violation) : drawn;
  const shown = await show(history);
  if (!violation) {
    print(`seed ${seed}: every invariant holds`);
    return true;
  }
  print(`seed ${seed} broke invariant ${invariants[violation.invariant]}`);
  print((shown ?? violation).message);
  print(`again: npm run simulate -- --seed ${seed}`);
  return false;
}

async function show(history: History): Promise<Violation | null> {
  const { steps, ...circumstances } = history;
  print(JSON.stringify(circumstances));
  for (const step of steps) print(JSON.stringify(step));
  return (await run(history, { trace: print })).violation;
}

async function crashPoints(): Promise<boolean> {
  let [runs, failed] = [0, 0];
  let shownAt = performance.now();
  const cases = listCases();
  for (const [i, one] of cases.entries()) {
    if (performance.now() - shownAt > everyMs) {
      print(`${i} of ${cases.length} cases, ${runs} crash points, ${failed} failed`);
      shownAt = performance.now();
    }
    const { runs: more, findings } = await crashEverywhere(one);
    runs += more;
    failed += findings.length;
    for (const { violation, ...crash } of findings) {
      print(
        `${JSON.stringify(crash)} broke invariant ${invariants[violation.invariant]}: ${violation.message}`,
      );
    }
  }
  print(`${cases.length} cases, ${runs} crash points, ${failed} failed`);
  return failed === 0;
}
