// `roq-sync job`: the report of an audit, a backfill or a pull; and how to wait for its end.

import { setTimeout as delay } from 'node:timers/promises';
import type { JobView } from '../lib/jobs/job-view.ts';
import type { Call, CliCommand } from './command.ts';
import { toReport } from './job-text.ts';
import { Refusal } from './refusal.ts';
import { toSummary } from './words/jobs.ts';
import { reason } from './words/reasons.ts';

export const job: CliCommand = {
  name: 'job',
  args: '<id>',
  takes: [],
  summary: 'The report of an audit, a backfill or a pull',
  run: async ({ invoke, args: [id] }) => {
    const view = await invoke<JobView>('operate', { command: 'job', id });
    return { document: view, text: toReport(view), needsPerson: needsPerson(view) };
  },
};

export const cancel: CliCommand = {
  name: 'cancel',
  args: '<id>',
  takes: [],
  summary: 'Ends a job that runs, where it is',
  details: 'What it did stays. A file that is sent from a command line stops there as well.',
  run: async ({ invoke, args: [id] }) => {
    const view = await invoke<JobView>('operate', { command: 'cancel', id });
    return { document: view, text: toReport(view), needsPerson: false };
  },
};

/** Whether a job found something that needs a person. */
export function needsPerson(view: JobView): boolean {
  if (view.state === 'failed' || view.state === 'cancelled') return true;
  if (view.is === 'unknown') return true;
  if (view.is === 'pull') return view.report.stopped !== null || view.report.held + view.report.parked > 0;
  if (view.is === 'audit') return view.report.missing > 0 || view.report.drifted > view.report.repaired;
  return view.report.invalid + view.report.held + view.report.parked > 0;
}

/** A job by its id; null when there is none. */
export async function findJob({ invoke }: Pick<Call, 'invoke'>, id: string): Promise<JobView | null> {
  try {
    return await invoke<JobView>('operate', { command: 'job', id });
  } catch (error) {
    if (error instanceof Refusal && error.code === 'job_unknown') return null;
    throw error;
  }
}

const pollMs = 1_000;
const maxStalls = 5;

/** Has a job carried on to its end. @throws Refusal when it makes no progress; the schedule then goes on with it */
export async function follow(call: Call, id: string, carryOn: () => Promise<JobView>): Promise<JobView> {
  let last = '';
  let why = '';
  for (let stalls = 0; stalls < maxStalls; ) {
    const view = await watch(call, id, carryOn());
    if (view.state !== 'running') return view;
    why = reason(view.lastError);
    const now = JSON.stringify(view.report);
    stalls = now === last ? stalls + 1 : 0;
    last = now;
    await delay(pollMs * 2 ** stalls);
  }
  const later = 'The schedule goes on with it every minute.';
  throw new Refusal(
    'needsPerson',
    `${id} makes no progress${why ? `: ${why}` : ''}. ${later} See roq-sync job ${id}`,
    'stalled',
  );
}

async function watch(call: Call, id: string, work: Promise<JobView>): Promise<JobView> {
  if (!call.progress.isShown) return work;
  const over = new AbortController();
  const watching = showUntil(call, id, over.signal);
  try {
    return await work;
  } finally {
    over.abort();
    await watching;
    call.progress.clear();
  }
}

async function showUntil(call: Call, id: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    // This is for the eye alone; a real fault fails the work itself.
    const view = await findJob(call, id).catch(() => null);
    if (view && !over.aborted) call.progress.show(toSummary(view));
    await Promise.race([delay(pollMs, undefined, { ref: false }), aborted(over)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
