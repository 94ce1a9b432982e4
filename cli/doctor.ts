// `roq-sync doctor`: whether everything is in place.

import { styleText } from 'node:util';
import type { Diagnosis } from '../lib/operate/doctor.ts';
import type { CliCommand } from './command.ts';
import { plain, table } from './table.ts';

export const doctor: CliCommand = {
  name: 'doctor',
  words: '',
  takes: ['probe'],
  says: 'Checks the configuration, and with --probe how ROQ behaves',
  help: '--probe makes a few users of its own, roq-sync-probe-…, which stay at ROQ, deactivated.',
  run: async ({ invoke, options: { probe = false } }) => {
    const diagnosis = await invoke<Diagnosis>('operate', { command: 'doctor', probe });
    const needsPerson = diagnosis.checks.some(({ ok }) => !ok);
    return { document: diagnosis, text: toText(diagnosis), needsPerson };
  },
};

function toText({ checks }: Diagnosis): string {
  return table(
    checks.map(({ check, ok, detail, remedy }) => [
      ok ? styleText('green', '✓') : styleText('red', '✗'),
      check,
      `${plain(detail, 120)}${remedy ? `. ${styleText('bold', remedy)}` : ''}`,
    ]),
  );
}
