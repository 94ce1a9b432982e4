// Audits that an operator starts, and the state and the end of any job.

import type { App } from '../app.ts';
import { newAudit } from '../jobs/audit-job.ts';
import { type JobView, viewJob } from '../jobs/job-view.ts';
import { cancelJob, runJob, type StoredJob, startJob } from '../jobs/jobs.ts';
import type { RunBudget } from '../sync/concurrency.ts';

export type JobUnknown = { readonly error: { readonly code: 'job_unknown'; readonly message: string } };

type AuditOptions = { readonly apply: boolean; readonly adopt: boolean; readonly job?: string };

/**
 * Starts an audit, or carries on the one of that id, as far as time allows; the schedule does the rest.
 * @throws UnavailableError
 */
export async function audit(
  app: App,
  { apply, adopt, job }: AuditOptions,
  budget: RunBudget,
): Promise<JobView | JobUnknown> {
  const id = job ?? `audit-${new Date(app.now()).toISOString()}`;
  await startJob(app, id, newAudit({ apply, adopt }));
  const stored = await runJob(app, id, budget);
  return stored ? viewJob(id, stored) : jobUnknown(id);
}

/** A job's state and report. @throws UnavailableError */
export async function showJob({ documents }: App, id: string): Promise<JobView | JobUnknown> {
  const entry = await documents.get<StoredJob>('job', id);
  return entry ? viewJob(id, entry.document) : jobUnknown(id);
}

/** Ends a job where it is. @throws UnavailableError */
export async function cancel(app: App, id: string): Promise<JobView | JobUnknown> {
  const stored = await cancelJob(app, id);
  return stored ? viewJob(id, stored) : jobUnknown(id);
}

function jobUnknown(id: string): JobUnknown {
  return { error: { code: 'job_unknown', message: `there is no job ${id}` } };
}
