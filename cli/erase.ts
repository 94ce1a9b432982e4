// `roq-sync erase`: overwrites what is held of a person on both sides, and prints the receipt.

import { styleText } from 'node:util';
import type { Receipt } from '../lib/operate/erase.ts';
import { ask, mustBeSure } from './ask.ts';
import type { CliCommand } from './command.ts';
import { reason } from './reasons.ts';
import { Refusal } from './refusal.ts';
import { heading, plain, table } from './table.ts';
import { when } from './time.ts';

export const erase: CliCommand = {
  name: 'erase',
  words: '<reference>',
  takes: ['yes'],
  says: 'Overwrites what is held of a person, here and at ROQ, for good',
  help: 'What stays: the reference, the ROQ id and the tenant. No later event brings the person back.',
  run: async ({ words, options, invoke }) => {
    const [reference = ''] = words;
    mustBeSure(options.yes);
    if (!options.yes) await confirm(reference);
    const receipt = await invoke<Receipt>('operate', { command: 'erase', reference });
    return { document: receipt, text: toText(receipt), needsPerson: receipt.state !== 'erased' };
  },
};

async function confirm(reference: string): Promise<void> {
  const typed = await ask(`This can't be undone. Type the reference to erase ${plain(reference)}: `);
  if (typed !== reference) throw new Refusal('wrongUsage', 'That is another reference; nothing was erased.');
}

const verdicts: Readonly<Record<Receipt['state'], string>> = {
  erased: 'erased: read back, neither side holds anything of the user',
  pending: 'pending: the tombstone is recorded, and ROQ follows; erase again for the last word',
  refused: 'refused by ROQ: somebody must look',
};

function toText(receipt: Receipt): string {
  const { reference, at, state, overwritten, recordHolds, roqUsers, code } = receipt;
  const users = roqUsers?.map(
    ({ id, holds }) => `${id}${holds.length > 0 ? ` holds ${holds.join(', ')}` : ''}`,
  );
  const rows = [
    ['reference', plain(reference)],
    ['time', when(at)],
    ['overwritten', overwritten.join(', ') || 'nothing: there was nothing'],
    ['record', recordHolds.length > 0 ? `holds ${recordHolds.join(', ')}` : 'holds nothing else'],
    ['ROQ', users ? users.join('; ') || 'has no such user' : 'did not answer'],
    ...(code ? [['why', reason(code)]] : []),
  ];
  const colour = state === 'erased' ? 'green' : 'red';
  return `${heading('Receipt')}  ${styleText(colour, verdicts[state])}\n${table(rows)}`;
}
