// A step of a user's history in words.

import type { Step } from '../../lib/history.ts';
import { plain } from './plain.ts';
import { whenCell } from './time.ts';

// An event that comes later than this after it happened is worth a word.
const lateMs = 60_000;

// A whole profile is no news, but whether somebody may come in is, and whether an address is verified.
const maxNames = 4;
const first = ['disabled', 'deleted', 'gone', 'emailVerified', 'outOfScope', 'active', 'isOptedIn'] as const;

/** What happened; `isBad`: something that a person may want to look into. */
export function stepText(step: Step): { readonly text: string; readonly isBad: boolean } {
  const { by, what, code } = step;
  const names = toNames(step);
  if (by === 'operator') return { text: what, isBad: false };
  if (by !== 'roq') {
    const text = names ? `${plain(what)}: ${names}` : plain(what);
    return code ? { text: `${text}; ${plain(code)} fails`, isBad: true } : { text, isBad: false };
  }
  const end = ends[what] ?? what;
  if (code) return { text: `${names ? `${end} ${names}` : end}: ${code}`, isBad: true };
  return { text: names ? `${end}: ${names}` : end, isBad: false };
}

/** The flags with their values, those that are true first, and the names of the rest as far as they are few. */
function toNames({ fields, flags }: Step): string {
  const set = first.filter((name) => flags[name]);
  const unset = first.filter((name) => flags[name] === false);
  const rest = fields.filter((name) => flags[name] === undefined);
  const isWhole = fields.length > maxNames;
  const shown = [
    ...set.map((name) => `${name} yes`),
    ...(isWhole ? [] : unset.map((name) => `${name} no`)),
    ...(isWhole ? [] : rest),
  ];
  const left = isWhole ? unset.length + rest.length : 0;
  if (left === 0) return shown.join(', ');
  return shown.length > 0 ? `${shown.join(', ')}, and ${left} more` : `${left} fields`;
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
