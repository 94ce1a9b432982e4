// A sample of the crash points, drawn by a seed; npm run simulate -- --crash-points takes them all.

import { expect, test } from 'vitest';
import { Chance } from './chance.ts';
import { crashEverywhere, listCases } from './crash-points.ts';

const cases = listCases();
const draw = (events: number, size: number) =>
  new Chance('crash points').shuffle(cases.filter(({ order }) => order.length === events)).slice(0, size);

test.each([...draw(1, 1), ...draw(2, 24), ...draw(3, 8)])(
  '$scenario, delivered in the order $order, $gapMs ms apart: whatever fails, once, it ends well',
  async (one) => {
    const { runs, findings } = await crashEverywhere(one);
    expect(runs).toBeGreaterThan(20);
    expect(findings).toEqual([]);
  },
);
