// A provider's exported users, as facts like any other: says what they would change, or folds and converges them.

import { randomUUID } from 'node:crypto';
import type { Documents } from '../dynamodb/documents.ts';
import type { Queries } from '../dynamodb/queries.ts';
import type { UserRecord } from '../dynamodb/record.ts';
import type { Store } from '../dynamodb/store.ts';
import { isAhead, sourceOf } from '../event.ts';
import type { ExportLine } from '../exports/read.ts';
import { RoqError } from '../roq/faults.ts';
import { toRoqFields } from '../roq/fields.ts';
import type { RoqUser } from '../roq/types.ts';
import { batchesOf } from '../sync/batches.ts';
import { type CeilingPorts, readCeiling } from '../sync/ceiling.ts';
import { type Feedback, feedbackOf, type RunBudget } from '../sync/concurrency.ts';
import { type ConvergePorts, converge } from '../sync/converge.ts';
import {
  desired,
  type Facts,
  factNames,
  fold,
  newestAt,
  news,
  plan,
  type RoqFields,
  toFacts,
} from '../user.ts';
import {
  addInvalid,
  addOutcome,
  addUntold,
  addUpdate,
  type BackfillReport,
  type Counts,
  emptyReport,
  type InvalidLine,
} from './backfill-report.ts';
import { openTally } from './tally.ts';

export type BackfillPorts = ConvergePorts & {
  readonly store: ConvergePorts['store'] & Pick<Store, 'fold'>;
  readonly queries: Pick<Queries, 'getMany'>;
  readonly documents: Pick<Documents, 'get' | 'spentInHours'>;
  readonly limits: CeilingPorts['limits'];
  readonly prefixOf: (provider: string) => string;
};

type Progress = {
  readonly apply: boolean;
  /** Whose users they are; null or left out: nobody's in particular. */
  readonly provider?: string | null;
  readonly report: BackfillReport;
};

/**
 * Takes a chunk of a file and answers the report so far with it; null when ROQ seems to be down and the chunk must be
 * taken again, which does no harm.
 * @throws UnavailableError, RoqError
 */
export async function backfillChunk(
  ports: BackfillPorts,
  lines: readonly ExportLine[],
  { apply, provider = null, report }: Progress,
  budget: RunBudget,
): Promise<BackfillReport | null> {
  const ceiling = report.ceiling ?? { room: await roomLeft(ports) };
  // A report that an older version stored has fewer members.
  const tally = openTally<BackfillReport>({ ...emptyReport, ...report, ceiling });
  tally.add('lines', lines.length);
  const checked = lines.map((line) => notAhead(line, ports.now()));
  for (const line of checked) {
    if (line.is === 'invalid') addInvalid(tally, line);
    else addUntold(tally, line.untold ?? []);
  }
  const work = apply ? applyBatch : planWithin({ left: (await roomLeft(ports)) - report.deactivated });
  const heard = heardIn(checked, provider === null ? '' : ports.prefixOf(provider));
  const isWhole = await budget.concurrency.each(batchesOf([...heard]), (batch) =>
    work(ports, new Map(batch), tally, budget, provider),
  );
  return isWhole ? tally.report() : null;
}

type Checked = Extract<ExportLine, { is: 'user' }> | InvalidLine;

function notAhead(line: ExportLine, nowMs: number): Checked {
  if (line.is === 'invalid' || !isAhead(line.at, nowMs)) return line;
  return { is: 'invalid', line: line.line, reason: 'from_the_future', where: null };
}

type Batch = ReadonlyMap<string, Facts>;

/** The facts of a chunk by user, so that each user is folded once. */
function heardIn(lines: readonly Checked[], prefix: string): ReadonlyMap<string, Facts> {
  const heard = new Map<string, Facts>();
  for (const line of lines) {
    if (line.is === 'invalid') continue;
    const reference = `${prefix}${line.reference}`;
    heard.set(reference, fold(heard.get(reference) ?? {}, toFacts(line.told, line.at)));
  }
  return heard;
}

async function applyBatch(
  ports: BackfillPorts,
  batch: Batch,
  tally: Counts,
  budget: RunBudget,
  provider: string | null,
): Promise<Feedback> {
  // A file's provider claims its users like an event of it.
  const source = provider === null ? null : sourceOf(provider);
  const owner = randomUUID();
  const shutOut = await findShutOut(ports, batch);
  const folded = await Promise.all(
    [...batch].map(([reference, facts]) =>
      ports.store.fold(reference, facts, owner, budget.leaseMs, {
        source,
        why: { by: provider ?? 'operator', what: 'backfill', toldAt: newestAt(facts) },
      }),
    ),
  );
  for (const { changed, leased, record } of folded) {
    if (isOlder(batch.get(record.reference) ?? {}, record.facts)) tally.add('older', 1);
    if (!changed) tally.add(record.queue ?? 'unchanged', 1);
    else if (!leased) tally.add('pending', 1);
  }
  for (const how of shutOut.values()) tally.add(how, 1);
  const leased = folded.map(({ leased }) => leased).filter((record) => record !== null);
  const outcomes = await converge(ports, leased, budget.deadline);
  for (const outcome of outcomes) addOutcome(tally, outcome, shutOut.has(outcome.reference));
  return feedbackOf(outcomes);
}

type ShutOut = 'tombstones' | 'disabled';

/** How each user of a batch is newly shut out. Only for those who may be, a record is read. */
async function findShutOut({ queries }: BackfillPorts, batch: Batch): Promise<ReadonlyMap<string, ShutOut>> {
  const suspects = [...batch].filter(([, facts]) => toShutOut(facts, {}));
  const shutOut = new Map<string, ShutOut>();
  if (suspects.length === 0) return shutOut;
  const records = await queries.getMany(suspects.map(([reference]) => reference));
  for (const [reference, facts] of suspects) {
    const how = toShutOut(facts, records.get(reference)?.facts ?? {});
    if (how) shutOut.set(reference, how);
  }
  return shutOut;
}

/** How a user is newly shut out; null for one who is not, or was so before. */
function toShutOut(facts: Facts, known: Facts): ShutOut | null {
  const { deleted, disabled } = news(known, facts);
  if (known.deleted?.value === true) return null;
  if (deleted?.value === true) return 'tombstones';
  return disabled?.value === true && known.disabled?.value !== true ? 'disabled' : null;
}

/** Whether something newer is known than what a file says, once that is folded. */
function isOlder(facts: Facts, folded: Facts): boolean {
  return factNames.some((name) => facts[name] && facts[name].value !== folded[name]?.value);
}

/** How many more deactivations a plan makes room for. */
type Room = { left: number };

async function roomLeft(ports: BackfillPorts): Promise<number> {
  const { counted, limit } = await readCeiling(ports);
  return limit - counted;
}

/** What apply would do, from what is recorded and what ROQ holds now; changes nothing. */
function planWithin(room: Room): typeof applyBatch {
  return async (ports, batch, tally, budget) => {
    const records = await ports.queries.getMany([...batch.keys()]);
    const unseen = [...batch].filter(([reference, facts]) => !isSeen(records.get(reference), facts));
    const users = await oldestUsers(
      ports,
      unseen.map(([reference]) => reference),
      budget.deadline,
    );
    for (const [reference, facts] of batch) {
      const record = records.get(reference);
      const user = users.get(reference);
      const observed = user ? toRoqFields(user) : (record?.observed ?? null);
      planUser(facts, record, observed, room, tally);
    }
    return 'well';
  };
}

function planUser(
  facts: Facts,
  record: UserRecord | undefined,
  observed: RoqFields | null,
  room: Room,
  tally: Counts,
): void {
  const known = record?.facts ?? {};
  const folded = fold(known, facts);
  if (isOlder(facts, folded)) tally.add('older', 1);
  if (record && Object.keys(news(known, facts)).length === 0) {
    tally.add(record.queue ?? 'unchanged', 1);
    return;
  }
  const shutOut = toShutOut(facts, known);
  if (shutOut) tally.add(shutOut, 1);
  const planned = plan(folded, observed);
  const isAdopted = observed !== null && (record?.roqId ?? null) === null;
  if (isAdopted) tally.add('adopted', 1);
  if (planned.do === 'wait') tally.add('waiting', 1);
  else if (planned.do === 'create') tally.add('created', 1);
  else if (planned.do === 'update') planUpdate(planned.changes, room, tally);
  else if (!isAdopted && !shutOut) tally.add('unchanged', 1);
}

function planUpdate({ active, ...profile }: RoqFields, room: Room, tally: Counts): void {
  const isOver = active === false && room.left <= 0;
  if (active === false) room.left -= 1;
  if (isOver) tally.add('held', 1);
  const names = Object.keys(active === undefined || isOver ? profile : { ...profile, active });
  if (names.length > 0) addUpdate(tally, names, active === false && !isOver);
}

/** Whether what ROQ holds is known of every field that these facts name. */
function isSeen(record: UserRecord | undefined, facts: Facts): boolean {
  const { observed } = record ?? {};
  return observed ? Object.keys(desired(facts)).every((name) => name in observed) : false;
}

/** The oldest ROQ user of each reference. @throws RoqError, also where ROQ's answer was not whole */
async function oldestUsers(
  { roq }: BackfillPorts,
  references: readonly string[],
  deadline: number,
): Promise<ReadonlyMap<string, RoqUser>> {
  const oldest = new Map<string, RoqUser>();
  for (const [reference, users] of await roq.usersOf(references, { deadline })) {
    if (users === null) throw new RoqError('roq_unavailable', 'none');
    if (users[0]) oldest.set(reference, users[0]);
  }
  return oldest;
}
