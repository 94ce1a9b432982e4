// `roq-sync doctor`: whether everything that the system depends on is in place.

import type { Diagnosis } from '../lib/operate/doctor.ts';
import type { Call, CliCommand } from './command.ts';
import { MissingFunction } from './refusal.ts';
import { type Cell, table } from './table.ts';
import { plain } from './words/plain.ts';

export const doctor: CliCommand = {
  name: 'doctor',
  args: '',
  takes: ['probe'],
  summary: 'Checks the configuration',
  details: [
    '--probe also tries out what ROQ leaves open, with a few users of its own, roq-sync-probe-…,',
    'which stay at ROQ, deactivated.',
  ].join(' '),
  run: async ({ invoke, options: { probe = false } }) => {
    const { checks } = await invoke<Diagnosis>('operate', { command: 'doctor', probe });
    const diagnosis = { checks: [...checks, ...(await checkDirectories(invoke))] };
    const needsPerson = diagnosis.checks.some(({ ok }) => !ok);
    return { document: diagnosis, text: table(diagnosis.checks.flatMap(toRows)), needsPerson };
  },
};

function toRows({ check, ok, detail, remedy }: Diagnosis['checks'][number]): readonly (readonly Cell[])[] {
  const mark: Cell = !ok
    ? { text: '✗', style: 'red' }
    : remedy
      ? { text: '!', style: 'yellow' }
      : { text: '✓', style: 'green' };
  const row: readonly Cell[] = [mark, check, plain(detail, 120)];
  return remedy ? [row, ['', '', { text: remedy, style: 'bold' }]] : [row];
}

/** What the providers answer that are asked for their users; there need be none. */
async function checkDirectories(invoke: Call['invoke']): Promise<Diagnosis['checks']> {
  try {
    return (await invoke<Diagnosis>('pull', { check: true })).checks;
  } catch (error) {
    if (error instanceof MissingFunction) return [];
    throw error;
  }
}
