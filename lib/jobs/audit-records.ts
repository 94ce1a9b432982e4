// The one direction of an audit: what every record says against what ROQ holds.

import { randomUUID } from 'node:crypto';
import type { UserRecord } from '../dynamodb/record.ts';
import { canonicalJson } from '../json.ts';
import { toRoqFields } from '../roq/client.ts';
import { RoqError } from '../roq/faults.ts';
import type { RoqUser } from '../roq/types.ts';
import { batchesOf } from '../sync/batches.ts';
import type { Totals } from '../sync/ceiling.ts';
import { type Feedback, feedbackOf, type RunBudget } from '../sync/concurrency.ts';
import { converge } from '../sync/converge.ts';
import type { Outcome } from '../sync/outcome.ts';
import { desired, diff, type RoqFields } from '../user.ts';
import { type AuditJob, type AuditPorts, type AuditReport, addExample } from './audit-job.ts';
import { openTally, type Tally } from './tally.ts';

/** One page of records; the same job when ROQ seems to be down. */
export async function auditRecords(
  ports: AuditPorts,
  job: AuditJob,
  after: string | null,
  budget: RunBudget,
  pageSize: number,
): Promise<AuditJob> {
  const { records, next } = await ports.queries.page(after, pageSize);
  const compared = await compareAll(ports, records, budget);
  if (compared === null) return job;
  const tally = openTally(job.report);
  countPage(tally, records, compared);
  if (job.apply) tally.add('repaired', await repairAll(ports, compared, budget));
  const report = tally.report();
  if (next !== null) return { ...job, cursor: { in: 'records', after: next }, report };
  await ports.documents.put('total', 'users', { active: report.active } satisfies Totals, null);
  return { ...job, cursor: { in: 'users', offset: 0 }, report };
}

// A page is compared as a whole before anything is repaired, so that one that ROQ broke off can be taken again.
async function compareAll(
  ports: AuditPorts,
  records: readonly UserRecord[],
  { deadline, concurrency }: RunBudget,
): Promise<readonly Compared[] | null> {
  const compared: Compared[] = [];
  let left = batchesOf(records.filter(({ queue }) => queue === null));
  while (left.length > 0) {
    const failed: (readonly UserRecord[])[] = [];
    const work = async (batch: readonly UserRecord[]): Promise<Feedback> => {
      try {
        const users = await lookUp(ports, batch, deadline);
        compared.push(...batch.map((record) => compare(record, users.get(record.reference))));
        return 'well';
      } catch (error) {
        if (!(error instanceof RoqError)) throw error;
        failed.push(batch);
        return 'down';
      }
    };
    if (!(await concurrency.each(left, work))) return null;
    left = failed;
  }
  return compared;
}

function countPage(
  tally: Tally<AuditReport>,
  records: readonly UserRecord[],
  compared: readonly Compared[],
): void {
  tally.add('records', records.length);
  for (const { queue, observed } of records) {
    if (queue === null) continue;
    tally.add(queue, 1);
    if (observed?.active === true) tally.add('active', 1);
  }
  for (const { reference, finding, fields, isActive } of compared) {
    tally.add(finding, 1);
    if (finding !== 'inStep') addExample(tally, finding, reference);
    for (const field of fields) tally.field(field);
    if (isActive) tally.add('active', 1);
  }
}

/** How many that had drifted are as they should be now. */
async function repairAll(
  ports: AuditPorts,
  compared: readonly Compared[],
  budget: RunBudget,
): Promise<number> {
  const left = new Set(batchesOf(compared.filter(({ isStale }) => isStale)));
  let repaired = 0;
  const work = async (batch: readonly Compared[]): Promise<Feedback> => {
    left.delete(batch);
    const drifted = new Set(
      batch.filter(({ finding }) => finding === 'drifted').map(({ reference }) => reference),
    );
    const outcomes = await repair(
      ports,
      batch.map(({ reference }) => reference),
      budget,
    );
    repaired += outcomes.filter(({ is, reference }) => is === 'done' && drifted.has(reference)).length;
    return feedbackOf(outcomes);
  };
  // Each batch has its turn even if ROQ seems to be down: what fails here is pending from then on, and the schedule's.
  while (left.size > 0) await budget.concurrency.each([...left], work);
  return repaired;
}

/** The ROQ user that each record names; of a record that names none, the oldest of its reference. */
async function lookUp(
  { roq }: AuditPorts,
  records: readonly UserRecord[],
  deadline: number,
): Promise<ReadonlyMap<string, RoqUser>> {
  const users = new Map<string, RoqUser>();
  if (records.length === 0) return users;
  const idOf = new Map(records.map(({ reference, roqId }) => [reference, roqId]));
  const filter = { reference: { valueIn: [...idOf.keys()] }, withDeactivated: { equalTo: true } };
  for await (const user of roq.allUsers({ filter }, { deadline })) {
    const roqId = idOf.get(user.reference);
    if (user.id === roqId || (roqId === null && !users.has(user.reference))) users.set(user.reference, user);
  }
  return users;
}

type Compared = {
  readonly reference: string;
  readonly finding: 'inStep' | 'drifted' | 'missing';
  readonly fields: readonly string[];
  readonly isActive: boolean;
  /** What is recorded of ROQ is not what ROQ holds. */
  readonly isStale: boolean;
};

function compare({ reference, facts, roqId, observed }: UserRecord, user: RoqUser | undefined): Compared {
  if (!user) {
    const isMissing = roqId !== null;
    return {
      reference,
      finding: isMissing ? 'missing' : 'inStep',
      fields: [],
      isActive: false,
      isStale: isMissing,
    };
  }
  const state = toRoqFields(user);
  const fields = Object.keys(diff(desired(facts), state));
  return {
    reference,
    finding: fields.length > 0 ? 'drifted' : 'inStep',
    fields,
    isActive: state.active !== false,
    isStale: fields.length > 0 || observed === null || !isSame(observed, state),
  };
}

function isSame(one: RoqFields, other: RoqFields): boolean {
  return canonicalJson(one) === canonicalJson(other);
}

// Whoever has the lease looks for itself: what this audit saw may be old by the time it gets there.
async function repair(
  ports: AuditPorts,
  references: readonly string[],
  { leaseMs, deadline }: RunBudget,
): Promise<readonly Outcome[]> {
  const owner = randomUUID();
  const taken = await Promise.all(references.map((reference) => ports.store.take(reference, owner, leaseMs)));
  const leased = taken.flatMap((record) => (record ? [{ ...record, observed: null }] : []));
  return converge(ports, leased, deadline);
}
