// A sample of the crash points, drawn by a seed; npm run simulate -- --crash-points takes them all.

import { expect, test } from 'vitest';
import { Chance } from './chance.ts';
import { crashEverywhere, listCases } from './crash-points.ts';

const cases = listCases();
const isShort = ({ order }: (typeof cases)[number]) => order.length < 3;
const sample = new Chance('crash points').shuffle(cases.filter((one) => !isShort(one))).slice(0, 8);

test.each([...cases.filter(isShort), ...sample])(
  '$scenario, delivered in the order $order, $gapMs ms apart: whatever fails, once, it ends well',
  async (one) => {
    const { runs, findings } = await crashEverywhere(one);
    expect(runs).toBeGreaterThan(20);
    expect(findings).toEqual([]);
  },
);
