// npm run simulate:pulls: many histories of a provider that is pulled, or one again by its seed.

import { parseArgs } from 'node:util';
import { playPulls } from './pulls.ts';

const { values: asked } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    from: { type: 'string' },
    seed: { type: 'string' },
  },
});

const everyMs = 2_000;
const maxFailures = 5;

process.exitCode = (await main()) ? 0 : 1;

/** Whether everything held. */
async function main(): Promise<boolean> {
  if (asked.seed !== undefined) return replay(asked.seed);
  const from = Number(asked.from ?? Math.floor(Math.random() * 1_000_000_000));
  const runs = Number(asked.runs);
  const startedAt = performance.now();
  let shownAt = startedAt;
  let failed = 0;
  print(`${runs} histories of pulls from seed ${from}`);
  let done = 0;
  while (done < runs && failed < maxFailures) {
    failed += (await replay(String(from + done))) ? 0 : 1;
    done += 1;
    if (performance.now() - shownAt < everyMs && done < runs) continue;
    shownAt = performance.now();
    const seconds = (shownAt - startedAt) / 1000;
    print(
      `${done} histories, ${failed} failed; ${Math.round(seconds)} s, ${Math.round(done / seconds)} a second`,
    );
  }
  return failed === 0;
}

async function replay(seed: string): Promise<boolean> {
  const violation = await playPulls(seed);
  if (violation) print(`seed ${seed}: ${violation.message}; again: npm run simulate:pulls -- --seed ${seed}`);
  return violation === null;
}

function print(line: string): void {
  process.stderr.write(`${line}\n`);
}
