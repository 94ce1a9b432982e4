// What came of a user by an operator's command, in words.

import type { UserResult } from '../../lib/operate/user-command.ts';
import { reason } from './reasons.ts';
import { whenCell } from './time.ts';

const meanings: Readonly<Record<UserResult['is'], string>> = {
  done: 'ROQ matches the record',
  waiting: 'ROQ demands an e-mail address, and none is known',
  retry: 'it is tried again by itself',
  parked: 'ROQ refuses; correct the data at the provider',
  held: 'over the ceiling: release it, or drop it',
  lost: 'another process has taken it over',
  unknown: 'there is no record of it',
  busy: 'another process has its lease; try again',
  nothing: 'nobody said that it was disabled, deleted or gone',
  erased: 'it was erased, which stands',
};

/** What an outcome means, with what was changed. */
export function explainOutcome({ is, fields, code, busyUntil }: UserResult): string {
  const changed = fields.length > 0 ? `; changed: ${fields.join(', ')}` : '';
  const until = busyUntil === null ? '' : `, at the latest until ${whenCell(busyUntil)}`;
  const meaning = code === 'roq_user_missing' ? 'relink it, or recreate it' : meanings[is];
  return `${code ? `${reason(code)}; ` : ''}${meaning}${changed}${until}`;
}
