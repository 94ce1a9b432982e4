// The last steps of a user as a table: who told what, what was done at ROQ, what an operator did.

import type { Step } from '../lib/history.ts';
import { type Cell, table } from './table.ts';
import { stepBy, stepText, stepTime } from './words/steps.ts';

/** The steps, the last one first. */
export function historyTable(steps: readonly Step[]): string {
  return table(steps.toReversed().map(toRow), { header: ['step', 'by', 'when'] });
}

function toRow(step: Step): readonly Cell[] {
  const { text, isBad } = stepText(step);
  return [isBad ? { text, style: 'red' } : text, stepBy(step), stepTime(step)];
}
