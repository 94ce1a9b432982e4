// The last steps of a user as a table: who told what, what was done at ROQ, what an operator did.

import type { Step } from '../lib/history.ts';
import { type Cell, plain, table } from './table.ts';
import { whenCell } from './time.ts';

// An event that comes later than this after it happened is worth a word.
const lateMs = 60_000;

const maxNames = 5;

/** The steps, the last one first. */
export function historyTable(steps: readonly Step[]): string {
  return table(steps.toReversed().map(toRow), { header: ['step', 'by', 'when'] });
}

function toRow(step: Step): readonly Cell[] {
  return [toText(step), plain(step.by === 'roq' ? 'ROQ' : step.by), toTime(step)];
}

function toText({ by, what, fields, code }: Step): Cell {
  // A whole profile is no news.
  const names = fields.length > maxNames ? `${fields.length} fields` : fields.join(', ');
  if (by === 'operator') return what;
  if (by !== 'roq') {
    const text = names ? `${plain(what)}: ${names}` : plain(what);
    return code ? { text: `${text}; ${plain(code)} fails`, style: 'red' } : text;
  }
  if (code) return { text: `${ends[what] ?? what}: ${code}`, style: 'red' };
  return names ? `${ends[what] ?? what}: ${names}` : (ends[what] ?? what);
}

const ends: Readonly<Record<string, string>> = {
  create: 'created',
  adopt: 'found and linked',
  update: 'changed',
  waiting: 'waits for an e-mail address',
  held: 'deactivation held by the ceiling',
  parked: 'refused',
  retry: 'failed, is tried again',
};

function toTime({ at, toldAt }: Step): string {
  const isLate = toldAt !== null && at - toldAt > lateMs;
  return isLate ? `${whenCell(at)}, happened ${whenCell(toldAt)}` : whenCell(at);
}
