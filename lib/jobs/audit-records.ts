// The one direction of an audit: what every record says against what ROQ holds.

import { createHash, randomUUID } from 'node:crypto';
import type { Contested, UserRecord } from '../dynamodb/record.ts';
import { RoqError } from '../roq/faults.ts';
import { toRoqFields } from '../roq/fields.ts';
import type { RoqUser } from '../roq/types.ts';
import { batchesOf } from '../sync/batches.ts';
import type { Totals } from '../sync/ceiling.ts';
import { type Feedback, feedbackOf, type RunBudget } from '../sync/concurrency.ts';
import { converge } from '../sync/converge.ts';
import { namesIn } from '../sync/look-up.ts';
import type { Outcome } from '../sync/outcome.ts';
import { desired, diff, isOutOfScope, profileNames, type RoqFields } from '../user.ts';
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
        const users = await findUsers(ports, batch, deadline);
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
  for (const { reference, facts, roqId, queue, observed } of records) {
    if (isOutOfScope(facts) && roqId !== null) {
      tally.add('outOfScope', 1);
      addExample(tally, 'outOfScope', reference);
    }
    if (queue === null) continue;
    tally.add(queue, 1);
    if (observed?.active === true) tally.add('active', 1);
  }
  for (const { reference, finding, fields, contested, isActive } of compared) {
    tally.add(finding, 1);
    if (contested.length > 0) {
      tally.add('contested', 1);
      addExample(tally, 'contested', reference);
    }
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
    const outcomes = await repair(ports, batch, budget);
    repaired += outcomes.filter(({ is, reference }) => is === 'done' && drifted.has(reference)).length;
    return feedbackOf(outcomes);
  };
  // Each batch has its turn even if ROQ seems to be down: what fails here is pending from then on, and the schedule's.
  while (left.size > 0) await budget.concurrency.each([...left], work);
  return repaired;
}

/**
 * The ROQ user that each record names; of a record that names none, the oldest of its reference. All are asked for at
 * once, and who is missed there by a reference of its own: nobody is called missing for an answer that was cut.
 */
async function findUsers(
  { roq }: AuditPorts,
  records: readonly UserRecord[],
  deadline: number,
): Promise<ReadonlyMap<string, RoqUser>> {
  if (records.length === 0) return new Map();
  const shown = await roq.usersAmong(
    records.map(({ reference }) => reference),
    { deadline },
  );
  const byReference = new Map<string, readonly RoqUser[]>(Map.groupBy(shown, ({ reference }) => reference));
  const missed = records.filter((record) => record.roqId !== null && !ownOf(record, byReference));
  const asked = await roq.usersOf(
    missed.map(({ reference }) => reference),
    { deadline },
  );
  for (const [reference, users] of asked) {
    if (users === null) throw new RoqError('roq_unavailable', 'none');
    byReference.set(reference, users);
  }
  return new Map(
    records.flatMap((record) => {
      const user = ownOf(record, byReference);
      return user ? [[record.reference, user] as const] : [];
    }),
  );
}

function ownOf(
  { reference, roqId }: UserRecord,
  byReference: ReadonlyMap<string, readonly RoqUser[]>,
): RoqUser | undefined {
  const users = byReference.get(reference) ?? [];
  return roqId === null ? users[0] : users.find(({ id }) => id === roqId);
}

type Compared = {
  readonly reference: string;
  readonly finding: 'inStep' | 'drifted' | 'missing';
  /** The fields that ROQ holds otherwise. */
  readonly fields: readonly string[];
  /** Those of them that a repair has not changed: ROQ keeps its own form of the value, and is left to it. */
  readonly contested: readonly string[];
  /** What ROQ holds in place of each, for the next audit to know it by. */
  readonly forms: Contested;
  readonly isActive: boolean;
  /** What is recorded of ROQ is not what ROQ holds. */
  readonly isStale: boolean;
};

function compare(record: UserRecord, user: RoqUser | undefined): Compared {
  const { reference, facts, roqId, observed } = record;
  const same = { reference, fields: [], contested: [], forms: {} };
  if (!user) {
    const isMissing = roqId !== null;
    return { ...same, finding: isMissing ? 'missing' : 'inStep', isActive: false, isStale: isMissing };
  }
  const held = toRoqFields(user, namesIn(facts));
  const wanted = desired(facts);
  const forms = toForms(diff(wanted, held), held);
  const differing = Object.keys(diff(wanted, held));
  const contested = differing.filter((name) => forms[name] && forms[name] === record.contested[name]);
  const fields = differing.filter((name) => !contested.includes(name));
  const changed = Object.keys(diff(held, observed ?? {})).filter((name) => !contested.includes(name));
  return {
    reference,
    finding: fields.length > 0 ? 'drifted' : 'inStep',
    fields,
    contested,
    forms: Object.fromEntries(Object.entries(forms).filter(([name]) => fields.includes(name))),
    isActive: held.active !== false,
    isStale: fields.length > 0 || changed.length > 0,
  };
}

/**
 * Of each profile field of which ROQ has another form, such as an address in lower case: what was wanted and what is there,
 * as a digest that says nothing of either. A value that is really another one is put right as often as it is found.
 */
function toForms(wanted: RoqFields, held: RoqFields): Contested {
  const names = profileNames.filter((name) => isFormOf(held[name], wanted[name]));
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(JSON.stringify([wanted[name], held[name]]))
        .digest('base64url')
        .slice(0, 12),
    ]),
  );
}

function isFormOf(held: string | null | undefined, wanted: string | null | undefined): boolean {
  return Boolean(held) && Boolean(wanted) && toLettersAndDigits(held) === toLettersAndDigits(wanted);
}

function toLettersAndDigits(text: string | null | undefined): string {
  return (text ?? '')
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

// Whoever has the lease looks for itself: what this audit saw may be old by the time it gets there.
async function repair(
  ports: AuditPorts,
  compared: readonly Compared[],
  { leaseMs, deadline }: RunBudget,
): Promise<readonly Outcome[]> {
  const owner = randomUUID();
  const taken = await Promise.all(
    compared.map(async ({ reference, forms }) => {
      const record = await ports.store.take(reference, owner, leaseMs);
      return record && { ...record, observed: null, contested: { ...record.contested, ...forms } };
    }),
  );
  return converge(
    ports,
    taken.filter((record) => record !== null),
    deadline,
  );
}
