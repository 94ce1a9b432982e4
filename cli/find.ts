// `roq-sync find`: who bears this reference, ROQ id or e-mail address.

import type { Found } from '../lib/operate/find.ts';
import type { CliCommand } from './command.ts';
import { table } from './table.ts';
import { plain } from './words/plain.ts';
import { reason } from './words/reasons.ts';

export const find: CliCommand = {
  name: 'find',
  args: '<text>',
  takes: [],
  summary: 'Finds users by reference, ROQ id or e-mail address',
  details: 'Addresses and ROQ ids are looked up in ROQ: who is not there is found by reference alone.',
  words: ['reference'],
  run: async ({ invoke, args: [text] }) => {
    const found = await invoke<Found>('operate', { command: 'find', text });
    return { document: found, text: toText(found), needsPerson: found.code !== null };
  },
};

function toText({ text, users, code }: Found): string {
  const rows = users.map(({ reference, by, roqId }) => [plain(reference), by, roqId ?? '–']);
  const found =
    rows.length > 0
      ? table(rows, { header: ['reference', 'found by', 'ROQ id'] })
      : `Nobody is found by ${plain(text)}. Who is not in ROQ is found by the provider's own id alone.`;
  return code === null ? found : `${found}\nROQ was not searched: ${reason(code)}`;
}
