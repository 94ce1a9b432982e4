// `roq-sync doctor`: whether everything that the system depends on is in place.

import { setTimeout as delay } from 'node:timers/promises';
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
  run: async (call) => {
    const { invoke } = call;
    const { checks } = await diagnose(call);
    const diagnosis = { checks: [...checks, ...(await checkDirectories(invoke))] };
    const needsPerson = diagnosis.checks.some(({ ok }) => !ok);
    return { document: diagnosis, text: table(diagnosis.checks.flatMap(toRows)), needsPerson };
  },
};

// Longer than the schedule's minute, within which it calls for the first time after a deployment.
const firstRunMs = 90_000;
const pollMs = 5_000;

/** Asks once, and once more when the schedule has run that was only just deployed. */
async function diagnose({ invoke, options: { probe = false, stage }, progress }: Call): Promise<Diagnosis> {
  const startMs = Date.now();
  for (;;) {
    const diagnosis = await invoke<Diagnosis>('operate', { command: 'doctor', probe });
    const isNew = diagnosis.checks.some(({ isEarly }) => isEarly);
    if (!isNew || stage === undefined || Date.now() - startMs > firstRunMs) return diagnosis;
    progress.show('The schedule has not run yet: it does within a minute of a deployment.');
    await delay(pollMs);
  }
}

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
