// The whole system in a world in memory: test/simulation, and npm run simulate for more of it.

import { expect, test } from 'vitest';
import { drawHistory } from './history.ts';
import { runMany } from './pool.ts';
import { run } from './run.ts';

test('in two thousand histories, whatever fails in them, every invariant holds', async () => {
  const { runs, failures } = await runMany({ from: 1, runs: 2_000 });
  expect(failures).toEqual([]);
  expect(runs).toBe(2_000);
}, 120_000);

test('the same seed is the same history, call by call', async () => {
  for (const seed of ['1', '2', '3', '4', '5']) {
    const [once, again] = [await traceOf(seed), await traceOf(seed)];
    expect(once.length).toBeGreaterThan(10);
    expect(again).toEqual(once);
  }
});

async function traceOf(seed: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await run(drawHistory(seed), { trace: (line) => lines.push(line) });
  return lines;
}
