// A job in words: its state, its counts, and one line of both.

import type { JobView } from '../../lib/jobs/job-view.ts';
import { plain } from './plain.ts';
import { reason } from './reasons.ts';

const restMs = 5 * 60_000;

/** `broken off`: its lines come from a command line that no longer sends any. */
export function stateOf(job: JobView, nowMs = Date.now()): JobView['state'] | 'broken off' {
  const isSent = job.is === 'backfill' && job.from === 'sender';
  return isSent && job.state === 'running' && nowMs - job.updatedAt > restMs ? 'broken off' : job.state;
}

/** One line. */
export function toSummary(job: JobView): string {
  const { id, apply, lastError } = job;
  const figures = countsOf(job).map(([name, value]) => `${value} ${toWords(name)}`);
  const state = `${stateOf(job)}${apply ? '' : ', changing nothing'}`;
  return `${plain(id, 80)} ${state}: ${figures.join(', ') || 'nothing yet'}${lastError ? `; ${reason(lastError)}` : ''}`;
}

/** What was counted, of which there is any. */
export function countsOf({ report }: JobView): readonly [name: string, count: number][] {
  return Object.entries(report).filter(([, value]) => typeof value === 'number' && value > 0);
}

// What shuts users out is what somebody must not overlook; a report begins with it.
export const alarming: readonly string[] = ['tombstones', 'disabled', 'deactivated', 'held', 'gone'];

/** The name of a count in words: `inStep` is "in step". */
export function toWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
