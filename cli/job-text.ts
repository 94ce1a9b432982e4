// A job in words: one line, and its whole report.

import { styleText } from 'node:util';
import type { JobView } from '../lib/jobs/job-view.ts';
import { reason } from './reasons.ts';
import { heading, plain, table } from './table.ts';
import { when } from './time.ts';

const restMs = 5 * 60_000;

/** `broken off`: its lines come from a command line that sends no more. */
export function stateOf(job: JobView, nowMs = Date.now()): JobView['state'] | 'broken off' {
  const isSent = job.is === 'backfill' && job.from === 'sender';
  return isSent && job.state === 'running' && nowMs - job.updatedAt > restMs ? 'broken off' : job.state;
}

/** One line. */
export function toSummary(job: JobView): string {
  const { id, apply, lastError, report } = job;
  const counts = Object.entries(report).filter(([, value]) => typeof value === 'number' && value > 0);
  const figures = counts.map(([name, value]) => `${value} ${words(name)}`).join(', ') || 'nothing yet';
  const state = `${stateOf(job)}${apply ? '' : ', changing nothing'}`;
  return `${plain(id, 80)} ${state}: ${figures}${lastError ? `; ${reason(lastError)}` : ''}`;
}

/** The report, with what it found and where. */
export function toReport(job: JobView): string {
  const { id, apply, startedAt, lastError, report } = job;
  const state = stateOf(job);
  const counts = Object.entries(report).filter(([, value]) => typeof value === 'number' && value > 0);
  const fields = Object.entries(report.fields).map(([name, times]) => `${name} ${times}`);
  const colour = state === 'failed' ? 'red' : state === 'done' ? 'green' : 'yellow';
  const title = apply ? 'what was done' : 'what would be done, if applied';
  return [
    `${heading(plain(id, 80))}  ${styleText(colour, state)}, begun ${when(startedAt)}: ${title}`,
    ...(lastError ? [styleText('red', `  ${reason(lastError)}`)] : []),
    table(counts.map(([name, value]) => [words(name), String(value)])) || '  nothing',
    ...(fields.length > 0 ? [`  fields: ${fields.join(', ')}`] : []),
    ...(report.held > 0
      ? ['  held: over the ceiling; they stay active until roq-sync release, or drop']
      : []),
    ...exampleLines(job),
  ].join('\n');
}

function exampleLines(job: JobView): readonly string[] {
  if (job.is === 'audit') {
    return Object.entries(job.report.examples).map(
      ([kind, references]) => `  ${kind}: ${references.map((reference) => plain(reference)).join(', ')}`,
    );
  }
  const { examples, invalid } = job.report;
  const lines = examples.map(({ line, reason, where }) => [`line ${line}`, reason, plain(where)]);
  const isCut = invalid > examples.length;
  return [
    ...(lines.length > 0 ? [heading('Invalid lines, which are skipped'), table(lines)] : []),
    ...(isCut ? [`  … and ${invalid - examples.length} more`] : []),
  ];
}

// `inStep` is "in step".
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
