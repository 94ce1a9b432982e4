// Every record against ROQ, and every ROQ user against the table: finds what differs, and repairs it.

import type { RunBudget } from '../sync/concurrency.ts';
import type { AuditJob, AuditPorts } from './audit-job.ts';
import { auditRecords } from './audit-records.ts';
import { auditUsers } from './audit-users.ts';

/**
 * Does one page of an audit, and answers the job as it stands then; the same job when ROQ seems to be down.
 * @throws UnavailableError, RoqError
 */
export async function auditPage(
  ports: AuditPorts,
  job: AuditJob,
  budget: RunBudget,
  pageSize = 200,
): Promise<AuditJob> {
  if (job.cursor === null) return job;
  return job.cursor.in === 'records'
    ? auditRecords(ports, job, job.cursor.after, budget, pageSize)
    : auditUsers(ports, job, job.cursor.offset, budget, pageSize);
}
