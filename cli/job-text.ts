// A job in words: one line, and its whole report.

import type { JobView } from '../lib/jobs/job-view.ts';
import { withLegend } from './legend.ts';
import { type Cell, heading, table } from './table.ts';
import { explainWords, type Word } from './words/glossary.ts';
import { alarming, countsOf, stateOf, toWords } from './words/jobs.ts';
import { plain } from './words/plain.ts';
import { explainCounts, explainLines, explainStop, reason } from './words/reasons.ts';
import { when } from './words/time.ts';

/** The report, with what it found and where. */
export function toReport(job: JobView): string {
  const { apply, startedAt, lastError } = job;
  const stop = job.is === 'pull' ? job.report.stopped : null;
  const lines = [
    table([[{ text: plain(job.id, 80), style: 'bold' }, toState(job)]], { indent: '' }),
    `Begun ${when(startedAt)}. ${apply ? 'What was done:' : 'What would be done, if applied:'}`,
    ...(lastError ? [table([[{ text: reason(lastError), style: 'red' }]])] : []),
    ...(stop ? [table([[{ text: `stopped: ${explainStop(stop)}`, style: 'red' }]])] : []),
    table(toRows(job)) || '  nothing',
    ...toInvalidLines(job),
  ];
  const names = toRows(job).map(([name = '']) => (typeof name === 'string' ? name : name.text));
  const faults = job.is === 'backfill' ? job.report.examples : [];
  const terms = [...explainWords(wordsOf(job)), ...explainCounts(names), ...explainLines(faults)];
  return withLegend(lines.join('\n'), terms);
}

function toState(job: JobView): Cell {
  const text = stateOf(job);
  return { text, style: text === 'failed' ? 'red' : text === 'done' ? 'green' : 'yellow' };
}

function toRows(job: JobView): readonly (readonly Cell[])[] {
  const fields = toTimes(job.report.fields);
  // A function of an older version says nothing of it.
  const untold = job.is === 'backfill' ? toTimes(job.report.untold ?? {}) : [];
  const examples = job.is === 'backfill' ? [] : Object.entries(job.report.examples);
  return [
    ...countsOf(job).map(([name, value]) =>
      [toWords(name), String(value)].map((text) =>
        alarming.includes(name) ? { text, style: 'red' as const } : text,
      ),
    ),
    ...(fields.length > 0 ? [['fields', fields.join(', ')]] : []),
    ...(untold.length > 0 ? [['not told', untold.join(', ')]] : []),
    ...examples.map(([kind, references]) => [
      `${toWords(kind)}:`,
      references.map((reference) => plain(reference)).join(', '),
    ]),
  ];
}

function toTimes(counts: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(counts).map(([name, times]) => `${plain(name)} ${times}`);
}

function toInvalidLines(job: JobView): readonly string[] {
  if (job.is !== 'backfill') return [];
  const { examples, invalid } = job.report;
  if (invalid === 0) return [];
  const rows = examples.map(({ line, reason, where }) => [`line ${line}`, reason, plain(where)]);
  const isCut = invalid > examples.length;
  return [
    heading('Invalid lines, which are skipped'),
    table(rows),
    ...(isCut ? [`  … and ${invalid - examples.length} more`] : []),
  ];
}

const wordOf: Readonly<Record<string, Word>> = {
  waiting: 'waiting',
  parked: 'parked',
  held: 'held',
  strangers: 'stranger',
  adopted: 'adopt',
};

/** The words of the glossary among what was counted. */
function wordsOf(job: JobView): readonly Word[] {
  return countsOf(job)
    .map(([name]) => wordOf[name])
    .filter((word) => word !== undefined);
}
