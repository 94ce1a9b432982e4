// Every record against ROQ, and every ROQ user against the table: finds what no webhook told, and repairs it.

import { randomUUID } from 'node:crypto';
import type { Totals } from './ceiling.ts';
import { type ConvergePorts, converge, type Outcome } from './converge.ts';
import type { Lists } from './lists.ts';
import { paceOf, type RunBudget, type Went } from './pace.ts';
import type { UserRecord } from './record.ts';
import { type Roq, toState } from './roq/client.ts';
import { RoqError } from './roq/faults.ts';
import type { RoqUser } from './roq/types.ts';
import type { Finding, State } from './state.ts';
import type { Store } from './store.ts';
import { canonicalJson, desired, diff, type RoqState } from './user.ts';

export type AuditPorts = ConvergePorts & {
  readonly store: ConvergePorts['store'] & Pick<Store, 'take' | 'adopt'>;
  readonly lists: Pick<Lists, 'page' | 'getMany'>;
  readonly roq: ConvergePorts['roq'] & Pick<Roq, 'users'>;
  readonly state: Pick<State, 'put' | 'remove' | 'list'>;
};

export type AuditJob = {
  readonly is: 'audit';
  /** Off: it only says what it would repair. */
  readonly apply: boolean;
  /** Whether the mapping of strangers is recorded. */
  readonly adopt: boolean;
  /** Where it stands: after this record, or at this ROQ user. */
  readonly cursor:
    | { readonly in: 'records'; readonly after: string | null }
    | { readonly in: 'users'; readonly offset: number }
    | null;
  readonly report: AuditReport;
};

export type AuditReport = {
  readonly records: number;
  readonly inStep: number;
  /** What ROQ held otherwise than the record says, although nothing was pending. */
  readonly drifted: number;
  readonly repaired: number;
  /** Recorded users that ROQ no longer has. */
  readonly missing: number;
  /** Records that are out of step already, by queue; the schedule has them. */
  readonly pending: number;
  readonly waiting: number;
  readonly parked: number;
  readonly held: number;
  readonly active: number;
  readonly users: number;
  readonly strangers: number;
  readonly adopted: number;
  readonly duplicates: number;
  /** How often each ROQ field had drifted. */
  readonly fields: Readonly<Record<string, number>>;
  /** Some references of each kind. */
  readonly examples: Readonly<
    Partial<Record<'drifted' | 'missing' | 'strangers' | 'duplicates', readonly string[]>>
  >;
};

const batchSize = 25;
const maxExamples = 10;

// A system that comes late to many users meets them all as strangers: listing some is enough.
const maxListed = 1_000;

export function newAudit({ apply, adopt }: { readonly apply: boolean; readonly adopt: boolean }): AuditJob {
  return { is: 'audit', apply, adopt, cursor: { in: 'records', after: null }, report: emptyReport };
}

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

async function auditRecords(
  ports: AuditPorts,
  job: AuditJob,
  after: string | null,
  budget: RunBudget,
  pageSize: number,
): Promise<AuditJob> {
  const { records, next } = await ports.lists.page(after, pageSize);
  const compared = await compareAll(ports, records, budget);
  if (compared === null) return job;
  const tally = openTally(job.report);
  countPage(tally, records, compared);
  if (job.apply) tally.add('repaired', await repairAll(ports, compared, budget));
  const report = tally.close();
  if (next !== null) return { ...job, cursor: { in: 'records', after: next }, report };
  await ports.state.put('total', 'users', { active: report.active } satisfies Totals, null);
  // What is still so is found again among ROQ's users.
  for (const kind of ['stranger', 'duplicate'] as const) {
    for await (const { id } of ports.state.list(kind)) await ports.state.remove(kind, id);
  }
  return { ...job, cursor: { in: 'users', offset: 0 }, report };
}

// A page is compared as a whole before anything is repaired, so that one that ROQ broke off can be taken again.
async function compareAll(
  ports: AuditPorts,
  records: readonly UserRecord[],
  { deadline, pace }: RunBudget,
): Promise<readonly Compared[] | null> {
  const compared: Compared[] = [];
  let left = batchesOf(records.filter(({ queue }) => queue === null));
  while (left.length > 0) {
    const failed: (readonly UserRecord[])[] = [];
    const work = async (batch: readonly UserRecord[]): Promise<Went> => {
      try {
        const held = await lookUp(ports, batch, deadline);
        compared.push(...batch.map((record) => compare(record, held.get(record.reference))));
        return 'well';
      } catch (error) {
        if (!(error instanceof RoqError)) throw error;
        failed.push(batch);
        return 'slow';
      }
    };
    if (!(await pace.each(left, work))) return null;
    left = failed;
  }
  return compared;
}

function batchesOf<Row>(rows: readonly Row[]): readonly (readonly Row[])[] {
  const count = Math.ceil(rows.length / batchSize);
  return Array.from({ length: count }, (_, i) => rows.slice(i * batchSize, (i + 1) * batchSize));
}

function countPage(tally: Tally, records: readonly UserRecord[], compared: readonly Compared[]): void {
  tally.add('records', records.length);
  for (const { queue, observed } of records) {
    if (queue === null) continue;
    tally.add(queue, 1);
    if (observed?.active === true) tally.add('active', 1);
  }
  for (const { reference, finding, fields, isActive } of compared) {
    tally.add(finding, 1);
    if (finding !== 'inStep') tally.example(finding, reference);
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
  const work = async (batch: readonly Compared[]): Promise<Went> => {
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
    return paceOf(outcomes);
  };
  // Each batch has its turn even if ROQ seems to be down: what fails here is pending from then on, and the schedule's.
  while (left.size > 0) await budget.pace.each([...left], work);
  return repaired;
}

/** The ROQ user that each record names; of a record that names none, the oldest of its reference. */
async function lookUp(
  { roq }: AuditPorts,
  records: readonly UserRecord[],
  deadline: number,
): Promise<ReadonlyMap<string, RoqUser>> {
  const held = new Map<string, RoqUser>();
  if (records.length === 0) return held;
  const idOf = new Map(records.map(({ reference, roqId }) => [reference, roqId]));
  const filter = { reference: { valueIn: [...idOf.keys()] }, withDeactivated: { equalTo: true } };
  for await (const user of roq.allUsers({ filter }, { deadline })) {
    const roqId = idOf.get(user.reference);
    if (user.id === roqId || (roqId === null && !held.has(user.reference))) held.set(user.reference, user);
  }
  return held;
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
      ...{ reference, finding: isMissing ? 'missing' : 'inStep', fields: [], isActive: false },
      isStale: isMissing,
    };
  }
  const state = toState(user);
  const fields = Object.keys(diff(desired(facts), state));
  return {
    ...{ reference, finding: fields.length > 0 ? 'drifted' : 'inStep', fields },
    isActive: state.active !== false,
    isStale: fields.length > 0 || observed === null || !isSame(observed, state),
  };
}

function isSame(one: RoqState, other: RoqState): boolean {
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

async function auditUsers(
  ports: AuditPorts,
  job: AuditJob,
  offset: number,
  { deadline }: RunBudget,
  pageSize: number,
): Promise<AuditJob> {
  const order = { sort: 'createdAt', order: 'ASC' } as const;
  const filter = { withDeactivated: { equalTo: true } };
  const page = await ports.roq.users({ filter, order, offset, limit: pageSize }, { deadline });
  const records = await ports.lists.getMany(page.data.map(({ reference }) => reference));
  const tally = openTally(job.report);
  tally.add('users', page.data.length);
  const idOf = new Map([...records.values()].map(({ reference, roqId }) => [reference, roqId]));
  for (const user of page.data) await placeUser(ports, job, user, idOf, tally);
  const end = offset + page.data.length;
  const isLast = page.data.length === 0 || end >= page.totalCount;
  return { ...job, cursor: isLast ? null : { in: 'users', offset: end }, report: tally.close() };
}

async function placeUser(
  ports: AuditPorts,
  { adopt }: AuditJob,
  user: RoqUser,
  idOf: Map<string, string | null>,
  tally: Tally,
): Promise<void> {
  const { id: roqId, reference } = user;
  const known = idOf.get(reference);
  if (known === roqId || known === null) return;
  if (known !== undefined) {
    tally.add('duplicates', 1);
    tally.example('duplicates', reference);
    return ports.noteDuplicates(reference, [roqId]);
  }
  tally.add('strangers', 1);
  tally.example('strangers', reference);
  if (adopt) {
    idOf.set(reference, roqId);
    if (await ports.store.adopt(reference, { roqId, observed: toState(user) })) tally.add('adopted', 1);
  } else if (tally.count('strangers') <= maxListed) {
    await ports.state.put('stranger', roqId, { reference, foundAt: ports.now() } satisfies Finding, null);
  }
}

type Counter = {
  [Name in keyof AuditReport]: AuditReport[Name] extends number ? Name : never;
}[keyof AuditReport];

type Tally = ReturnType<typeof openTally>;

const emptyReport: AuditReport = {
  ...{
    records: 0,
    inStep: 0,
    drifted: 0,
    repaired: 0,
    missing: 0,
    pending: 0,
    waiting: 0,
    parked: 0,
    held: 0,
  },
  ...{ active: 0, users: 0, strangers: 0, adopted: 0, duplicates: 0, fields: {}, examples: {} },
};

function openTally(report: AuditReport) {
  const counts = { ...report };
  const fields = { ...report.fields };
  const examples = { ...report.examples };
  return {
    add: (counter: Counter, count: number) => {
      (counts as Record<Counter, number>)[counter] += count;
    },
    count: (counter: Counter) => counts[counter],
    field: (name: string) => {
      fields[name] = (fields[name] ?? 0) + 1;
    },
    example: (of: keyof AuditReport['examples'], reference: string) => {
      const known = examples[of] ?? [];
      if (known.length < maxExamples) examples[of] = [...known, reference];
    },
    close: (): AuditReport => ({ ...counts, fields, examples }),
  };
}
