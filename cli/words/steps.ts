// A step of a user's history in words.

import type { Step } from '../../lib/history.ts';
import { plain } from './plain.ts';
import { whenCell } from './time.ts';

// An event that comes later than this after it happened is worth a word.
const lateMs = 60_000;

const maxNames = 5;

/** What happened; `isBad`: something that a person may want to look into. */
export function stepText({ by, what, fields, code }: Step): {
  readonly text: string;
  readonly isBad: boolean;
} {
  // A whole profile is no news.
  const names = fields.length > maxNames ? `${fields.length} fields` : fields.join(', ');
  if (by === 'operator') return { text: what, isBad: false };
  if (by !== 'roq') {
    const text = names ? `${plain(what)}: ${names}` : plain(what);
    return code ? { text: `${text}; ${plain(code)} fails`, isBad: true } : { text, isBad: false };
  }
  const end = ends[what] ?? what;
  if (code) return { text: `${names ? `${end} ${names}` : end}: ${code}`, isBad: true };
  return { text: names ? `${end}: ${names}` : end, isBad: false };
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

/** Who did it. */
export function stepBy({ by }: Step): string {
  return plain(by === 'roq' ? 'ROQ' : by);
}

/** When it was heard, and when it happened where that was much earlier. */
export function stepTime({ at, toldAt }: Step): string {
  const isLate = toldAt !== null && at - toldAt > lateMs;
  return isLate ? `${whenCell(at)}, happened ${whenCell(toldAt)}` : whenCell(at);
}
