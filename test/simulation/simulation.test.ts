// The whole system in a world in memory: test/simulation, and npm run simulate for more of it.

import { expect, test } from 'vitest';
import { drawHistory } from './draw.ts';
import { type Step, untroubled } from './history.ts';
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

test('the secret is rotated once more only after the rotation before has ended', async () => {
  const steps: readonly Step[] = [
    { id: 0, atMs: 0, is: 'rotation' },
    { id: 1, atMs: 11 * 60_000, is: 'rotation' },
    {
      id: 2,
      // The first has just ended, and the second has just brought in the secret that it signs with.
      atMs: 14 * 60_000,
      is: 'event',
      provider: 'generic',
      said: [
        { reference: 'user|1', kind: 'user.signed_up', user: { email: 'c4n4ry@x.example' }, happenedMs: 0 },
      ],
      deliveries: [0],
      sender: 'logto',
      form: 'sound',
    },
  ];
  const { violation } = await run({ ...untroubled, seed: 'rotations', steps });
  expect(violation).toBeNull();
});

async function traceOf(seed: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await run(drawHistory(seed), { trace: (line) => lines.push(line) });
  return lines;
}

// What each was: `git log` has it by its number.
test.each([291, 653, 2_925, 23_649, 520_266, 1_090_646, 9_024_009])(
  'history %i, which once broke an invariant, holds',
  async (seed) => {
    expect((await run(drawHistory(String(seed)))).violation).toBeNull();
  },
);
