// A job as an operator is shown it: without its source, whose address may be a secret.

import type { AuditReport } from './audit-job.ts';
import { type BackfillReport, emptyReport } from './backfill-report.ts';
import { isKnownJob, type JobError, type StoredJob } from './jobs.ts';
import type { PullCursor, PullReport } from './pull-job.ts';

export type JobView = {
  readonly id: string;
  readonly apply: boolean;
  readonly state: StoredJob['state'];
  readonly startedAt: number;
  readonly updatedAt: number;
  readonly failures: number;
  readonly lastError: JobError | null;
} /** Of a version that this one does not know. */ & (
  | {
      readonly is: 'unknown';
      readonly report: {
        readonly fields: Readonly<Record<string, number>>;
        readonly examples: Readonly<Record<string, readonly string[]>>;
      };
    }
  | { readonly is: 'audit'; readonly report: AuditReport }
  | {
      readonly is: 'pull';
      readonly provider: string;
      /** Where it stands; null: at its end. */
      readonly step: PullCursor['in'] | null;
      readonly report: PullReport;
    }
  | {
      readonly is: 'backfill';
      readonly from: 'url' | 'sender';
      /** The last line that is done. */
      readonly line: number;
      readonly report: BackfillReport;
    }
);

export function viewJob(id: string, stored: StoredJob): JobView {
  const { job, state, startedAt, updatedAt, failures, lastError } = stored;
  const common = { id, apply: job.apply, state, startedAt, updatedAt, failures, lastError };
  if (!isKnownJob(stored)) return { ...common, is: 'unknown', report: { fields: {}, examples: {} } };
  if (job.is === 'audit') return { ...common, is: 'audit', report: job.report };
  if (job.is === 'pull') {
    const { provider, cursor, report } = job;
    return { ...common, is: 'pull', provider, step: cursor?.in ?? null, report };
  }
  const { line, report, source } = job;
  // A report that an older version stored has fewer members.
  return { ...common, is: 'backfill', from: source.from, line, report: { ...emptyReport, ...report } };
}
