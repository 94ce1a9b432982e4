// `roq-sync erase`: overwrites a person's data on both sides, and prints the receipt.

import type { Receipt } from '../lib/operate/erase.ts';
import type { UserStatus } from '../lib/operate/status.ts';
import { ask, mustBeSure } from './ask.ts';
import type { CliCommand } from './command.ts';
import { Refusal } from './refusal.ts';
import { type Cell, table } from './table.ts';
import { count, plain } from './words/plain.ts';
import { reason } from './words/reasons.ts';
import { whenCell } from './words/time.ts';

export const erase: CliCommand = {
  name: 'erase',
  args: '<reference>',
  takes: ['yes'],
  summary: "Overwrites a person's data, here and at ROQ, for good",
  details: 'What stays: the reference, the ROQ id and the tenant. No later event brings the person back.',
  words: ['reference'],
  run: async ({ args, options, invoke }) => {
    const [reference = ''] = args;
    mustBeSure(options.yes);
    if (!options.yes)
      await confirm(reference, await invoke<UserStatus>('operate', { command: 'status', reference }));
    const receipt = await invoke<Receipt>('operate', { command: 'erase', reference });
    return { document: receipt, text: toText(receipt), needsPerson: receipt.state !== 'erased' };
  },
};

async function confirm(reference: string, { found, roq }: UserStatus): Promise<void> {
  const isAtRoq = roq.answered && roq.users.length > 0;
  if (!found && !isAtRoq)
    process.stderr.write('There is no record of this reference, nor has ROQ one: see whether it is right. ');
  const typed = await ask(`This can't be undone. Type the reference to erase ${plain(reference)}: `);
  if (typed !== reference) throw new Refusal('wrongUsage', 'That is another reference; nothing was erased.');
}

const verdicts: Readonly<Record<Receipt['state'], string>> = {
  erased: 'erased: both sides were read again, and neither has any data of the user',
  pending: 'pending: the record is erased, and the rest follows; erase again to prove it',
  refused: 'refused by ROQ: a person must look',
};

function toText(receipt: Receipt): string {
  const { reference, at, state, overwritten, recordHolds, roqUsers, code } = receipt;
  const users = roqUsers?.map(
    ({ id, holds }) => `${id}${holds.length > 0 ? ` holds ${holds.join(', ')}` : ''}`,
  );
  const rows = [
    ['reference', plain(reference)],
    ['time', whenCell(at)],
    ['overwritten', overwritten.join(', ') || 'nothing: there was nothing'],
    ['record', recordHolds.length > 0 ? `holds ${recordHolds.join(', ')}` : 'holds nothing else'],
    ['ROQ', users ? users.join('; ') || 'has no such user' : 'did not answer'],
    ['lists, jobs', toForgotten(receipt)],
    ...(code ? [['why', reason(code)]] : []),
  ];
  const title: Cell = { text: 'Receipt', style: 'bold' };
  const verdict: Cell = { text: verdicts[state], style: state === 'erased' ? 'green' : 'red' };
  return `${table([[title, verdict]], { indent: '' })}\n${table(rows)}`;
}

function toForgotten({ forgotten: { listed, jobs }, jobsLeft }: Receipt): string {
  const left = jobsLeft > 0 ? `; ${count(jobsLeft, 'report')} could not be changed: erase again` : '';
  if (listed + jobs === 0) return `named the user nowhere${left}`;
  return `${count(listed, 'entry', 'entries')} and ${count(jobs, 'report')} named the user, and do so no longer${left}`;
}
