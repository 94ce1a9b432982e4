// A provider's exported users, as facts like any other: says what they would change, or folds and converges them.

import { randomUUID } from 'node:crypto';
import type { Documents } from '../dynamodb/documents.ts';
import type { Queries } from '../dynamodb/queries.ts';
import type { UserRecord } from '../dynamodb/record.ts';
import type { Store } from '../dynamodb/store.ts';
import { isAhead } from '../event.ts';
import type { ExportLine } from '../exports/read.ts';
import { toRoqFields } from '../roq/client.ts';
import { RoqError } from '../roq/faults.ts';
import type { RoqUser } from '../roq/types.ts';
import { batchesOf } from '../sync/batches.ts';
import { type CeilingPorts, readCeiling } from '../sync/ceiling.ts';
import { type Feedback, feedbackOf, type RunBudget } from '../sync/concurrency.ts';
import { type ConvergePorts, converge } from '../sync/converge.ts';
import type { Outcome } from '../sync/outcome.ts';
import { desired, type Facts, fold, news, plan, type RoqFields, toFacts } from '../user.ts';
import { openTally, type Tally } from './tally.ts';

export type BackfillPorts = ConvergePorts & {
  readonly store: ConvergePorts['store'] & Pick<Store, 'fold'>;
  readonly queries: Pick<Queries, 'getMany'>;
  readonly documents: Pick<Documents, 'get' | 'spentInHours'>;
  readonly limits: CeilingPorts['limits'];
};

export type BackfillReport = {
  /** Lines read. */
  readonly lines: number;
  readonly invalid: number;
  /** Users of whom nothing new was told, and who are in step; others are counted as what they are. */
  readonly unchanged: number;
  readonly created: number;
  /** ROQ users found by their reference, and recorded. */
  readonly adopted: number;
  readonly updated: number;
  readonly deactivated: number;
  /** Deactivations over the ceiling. */
  readonly held: number;
  /** Without an e-mail address, which ROQ demands. */
  readonly waiting: number;
  readonly parked: number;
  /** Recorded; ROQ follows with the schedule. */
  readonly pending: number;
  /** How often each ROQ field changes. */
  readonly fields: Readonly<Record<string, number>>;
  /** The first invalid lines. */
  readonly examples: readonly {
    readonly line: number;
    readonly reason: string;
    readonly where: string | null;
  }[];
};

export const emptyReport: BackfillReport = {
  lines: 0,
  invalid: 0,
  unchanged: 0,
  created: 0,
  adopted: 0,
  updated: 0,
  deactivated: 0,
  held: 0,
  waiting: 0,
  parked: 0,
  pending: 0,
  fields: {},
  examples: [],
};

const maxExamples = 100;

/**
 * Takes a chunk of a file and answers the report so far with it; null when ROQ seems to be down and the chunk must be
 * taken again, which does no harm.
 * @throws UnavailableError, RoqError
 */
export async function backfillChunk(
  ports: BackfillPorts,
  lines: readonly ExportLine[],
  { apply, report }: { readonly apply: boolean; readonly report: BackfillReport },
  budget: RunBudget,
): Promise<BackfillReport | null> {
  const tally = openTally(report);
  tally.add('lines', lines.length);
  const checked = lines.map((line) => notAhead(line, ports.now()));
  for (const line of checked) if (line.is === 'invalid') addInvalid(tally, line);
  const work = apply ? applyBatch : planWithin(await roomFor(ports, report));
  const isWhole = await budget.concurrency.each(batchesOf([...heardIn(checked)]), (batch) =>
    work(ports, new Map(batch), tally, budget),
  );
  return isWhole ? tally.report() : null;
}

type Counts = Tally<BackfillReport>;

type Checked = Extract<ExportLine, { is: 'user' }> | Invalid;
type Invalid = Omit<Extract<ExportLine, { is: 'invalid' }>, 'reason'> & { readonly reason: string };

function notAhead(line: ExportLine, nowMs: number): Checked {
  if (line.is === 'invalid' || !isAhead(line.at, nowMs)) return line;
  return { is: 'invalid', line: line.line, reason: 'from_the_future', where: null };
}

type Batch = ReadonlyMap<string, Facts>;

/** The facts of a chunk by user, so that each user is folded once. */
function heardIn(lines: readonly Checked[]): ReadonlyMap<string, Facts> {
  const heard = new Map<string, Facts>();
  for (const line of lines) {
    if (line.is === 'invalid') continue;
    heard.set(line.reference, fold(heard.get(line.reference) ?? {}, toFacts(line.told, line.at)));
  }
  return heard;
}

async function applyBatch(
  ports: BackfillPorts,
  batch: Batch,
  tally: Counts,
  budget: RunBudget,
): Promise<Feedback> {
  const owner = randomUUID();
  const folded = await Promise.all(
    [...batch].map(([reference, facts]) => ports.store.fold(reference, facts, owner, budget.leaseMs)),
  );
  for (const { changed, leased, record } of folded) {
    if (!changed) tally.add(record.queue ?? 'unchanged', 1);
    else if (!leased) tally.add('pending', 1);
  }
  const leased = folded.map(({ leased }) => leased).filter((record) => record !== null);
  const outcomes = await converge(ports, leased, budget.deadline);
  for (const outcome of outcomes) addOutcome(tally, outcome);
  return feedbackOf(outcomes);
}

/** How many deactivations the ceiling has room for, as it is now. */
type Room = { left: number };

async function roomFor(ports: BackfillPorts, { deactivated }: BackfillReport): Promise<Room> {
  const { counted, limit } = await readCeiling(ports);
  return { left: limit - counted - deactivated };
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
  if (record && Object.keys(news(record.facts, facts)).length === 0) {
    tally.add(record.queue ?? 'unchanged', 1);
    return;
  }
  const planned = plan(fold(record?.facts ?? {}, facts), observed);
  const isAdopted = observed !== null && (record?.roqId ?? null) === null;
  if (isAdopted) tally.add('adopted', 1);
  if (planned.do === 'wait') tally.add('waiting', 1);
  else if (planned.do === 'create') tally.add('created', 1);
  else if (planned.do === 'update') planUpdate(planned.changes, room, tally);
  else if (!isAdopted) tally.add('unchanged', 1);
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

function addUpdate(tally: Counts, names: readonly string[], deactivates: boolean): void {
  tally.add('updated', 1);
  if (deactivates) tally.add('deactivated', 1);
  for (const name of names) tally.field(name);
}

function addInvalid(tally: Counts, { line, reason, where }: Invalid): void {
  tally.add('invalid', 1);
  const { examples } = tally.report();
  if (examples.length < maxExamples) tally.set({ examples: [...examples, { line, reason, where }] });
}

function addOutcome(tally: Counts, { is, did, fields, deactivated }: Outcome): void {
  if (did === 'create') tally.add('created', 1);
  if (did === 'adopt') tally.add('adopted', 1);
  if (fields.length > 0) addUpdate(tally, fields, deactivated);
  if (is === 'done' && did === null) tally.add('unchanged', 1);
  if (is === 'waiting' || is === 'parked' || is === 'held') tally.add(is, 1);
  if (is === 'retry' || is === 'lost') tally.add('pending', 1);
}
