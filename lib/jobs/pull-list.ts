// A page of a provider's list: what no webhook told of these users, and its folding.

import { randomUUID } from 'node:crypto';
import type { Got, ListedPage, Profile } from '../directory.ts';
import type { UserRecord } from '../dynamodb/record.ts';
import { DirectoryError } from '../errors.ts';
import { isAhead, sourceOf } from '../event.ts';
import { batchesOf } from '../sync/batches.ts';
import { readCeiling } from '../sync/ceiling.ts';
import { feedbackOf, type RunBudget } from '../sync/concurrency.ts';
import { converge } from '../sync/converge.ts';
import { type Facts, fold, newestAt, type RoqFields, type Told, toFacts } from '../user.ts';
import { missedFields, missedKindsOf, toShown } from './missed.ts';
import {
  addFound,
  type ConnectedDirectory,
  type PullCursor,
  type PullJob,
  type PullPorts,
  type PullTally,
} from './pull-job.ts';
import type { Ask } from './pull-question.ts';
import { noteSeen } from './seen.ts';
import { openTally } from './tally.ts';

type ListCursor = Extract<PullCursor, { in: 'list' }>;

/** One page of the list. @throws DirectoryError, UnavailableError */
export async function pullList(
  ports: PullPorts,
  directory: ConnectedDirectory,
  ask: Ask,
  id: string,
  job: PullJob,
  cursor: ListCursor,
  budget: RunBudget,
): Promise<PullJob> {
  const page = await ask((signal) => directory.list(cursor.at, signal));
  refuseRepeat(page, cursor);
  const profiles = withPrefix(page.profiles, ports.prefixOf(job.provider));
  const references = profiles.map(({ reference }) => reference);
  await noteSeen(ports.documents, id, cursor.page, references);
  const tally = openTally(job.report);
  tally.add('listed', profiles.length);
  tally.add('unreadable', page.unreadable);
  const missed = await findMissed(ports, directory, ask, profiles, page.at, tally);
  const limited = await withinCeiling(ports, job, tally);
  if (limited.apply) await applyMissed(ports, directory, missed, tally, budget);
  return {
    ...limited,
    cursor: toNext(page, cursor),
    canaries: toCanaries(job.canaries, page.profiles),
    report: tally.report(),
  };
}

/** A provider that does not know our cursor gives one page for ever. @throws DirectoryError */
function refuseRepeat({ profiles, next }: ListedPage, { at, first }: ListCursor): void {
  const [begin] = profiles;
  if (begin && first.includes(begin.reference)) repeats();
  if (next !== null && next === at) repeats();
}

function repeats(): never {
  throw new DirectoryError('directory_invalid', 'the list repeats a page');
}

function toNext({ profiles, next }: ListedPage, { page, first }: ListCursor): PullCursor {
  if (next === null) return { in: 'records', after: null };
  const begin = profiles[0]?.reference ?? null;
  return { in: 'list', at: next, page: page + 1, first: [first[0] ?? begin, begin ?? first[1]] };
}

const maxCanaries = 3;

// The last of each page, so that not all of them are of one moment.
function toCanaries(canaries: readonly string[], profiles: readonly Profile[]): readonly string[] {
  const last = profiles.at(-1)?.reference;
  return last === undefined ? canaries : [last, ...canaries].slice(0, maxCanaries);
}

/** The users of a page, each once, by the references of their records. */
function withPrefix(profiles: readonly Profile[], prefix: string): readonly Profile[] {
  const users = new Map(profiles.map((profile) => [profile.reference, profile]));
  return [...users.values()].map((profile) => ({ ...profile, reference: `${prefix}${profile.reference}` }));
}

/** News of a user, and the facts by which it is recorded. */
export type Missed = {
  readonly reference: string;
  readonly facts: Facts;
};

async function findMissed(
  ports: PullPorts,
  directory: ConnectedDirectory,
  ask: Ask,
  profiles: readonly Profile[],
  listedAt: number,
  tally: PullTally,
): Promise<readonly Missed[]> {
  const records = await ports.queries.getMany(profiles.map(({ reference }) => reference));
  const missed: Missed[] = [];
  for (const profile of profiles) {
    const record = records.get(profile.reference);
    const found = await judge(ports, directory, ask, profile, record, listedAt, tally);
    if (found) missed.push(found);
  }
  return missed;
}

/** What is news of a user; null where nothing is. */
async function judge(
  ports: PullPorts,
  directory: ConnectedDirectory,
  ask: Ask,
  profile: Profile,
  record: UserRecord | undefined,
  listedAt: number,
  tally: PullTally,
): Promise<Missed | null> {
  const { reference } = profile;
  if (record?.facts.deleted?.value === true) {
    tally.add('tombstoned', 1);
    return null;
  }
  if (record && isForeign(directory, record)) {
    tally.add('foreign', 1);
    return null;
  }
  const told = toShown(profile, record);
  if (!record && told.outOfScope) {
    tally.add('outOfScope', 1);
    return null;
  }
  if (record && missedFields(record.facts, told).length === 0) {
    tally.add('inStep', 1);
    return null;
  }
  const at = ownTime(ports, profile);
  // Of whom nothing was ever told, as of those who were adopted from ROQ, nothing newer can be known.
  if (!record || Object.keys(record.facts).length === 0)
    return addMissed(tally, reference, record, told, at ?? datedBack(directory, listedAt));
  // A row by its own time says what is newer; any other may be older than what an event told.
  if (at !== null && settles(record.facts, told, at)) return addMissed(tally, reference, record, told, at);
  return readBack(ports, directory, ask, record, tally);
}

/** As the provider itself has the user now. */
async function readBack(
  ports: PullPorts,
  directory: ConnectedDirectory,
  ask: Ask,
  { reference }: UserRecord,
  tally: PullTally,
): Promise<Missed | null> {
  const id = reference.slice(ports.prefixOf(directory.traits.name).length);
  const got = await ask((signal) => directory.get(id, signal));
  const missed = await judgeAnswer(ports, reference, got, tally);
  if (missed === 'inStep') tally.add('inStep', 1);
  return typeof missed === 'string' ? null : missed;
}

/**
 * What is news of a user who was asked for singly, by the record as it is now: an event may have come since the list was
 * read. `gone`: the provider has no such user.
 */
export async function judgeAnswer(
  ports: PullPorts,
  reference: string,
  got: Got,
  tally: PullTally,
): Promise<Missed | 'inStep' | 'newer' | 'gone'> {
  const record = (await ports.queries.getMany([reference])).get(reference);
  if (!got.profile) return 'gone';
  if (!record) return addMissed(tally, reference, record, got.profile.told, got.at);
  const told = toShown(got.profile, record);
  const at = Math.max(got.at, ownTime(ports, got.profile) ?? 0);
  if (missedFields(record.facts, told).length === 0) return 'inStep';
  if (settles(record.facts, told, at)) return addMissed(tally, reference, record, told, at);
  tally.add('newer', 1);
  return 'newer';
}

function addMissed(
  tally: PullTally,
  reference: string,
  record: UserRecord | undefined,
  told: Told,
  at: number,
): Missed {
  const fields = missedFields(record?.facts ?? {}, told);
  tally.add('missed', 1);
  for (const kind of missedKindsOf(record, fields, told)) addFound(tally, kind, reference);
  if (record) for (const field of fields) tally.field(field);
  return { reference, facts: toFacts(told, at) };
}

/** Whether these facts, told at that time, leave nothing missed. */
function settles(known: Facts, told: Told, at: number): boolean {
  return missedFields(fold(known, toFacts(told, at)), told).length === 0;
}

function isForeign({ traits, isExclusive }: ConnectedDirectory, { sources }: UserRecord): boolean {
  return isExclusive && sources.length > 0 && !sources.includes(sourceOf(traits.name));
}

// A time ahead of our clock would outlast every true event.
function ownTime({ now }: PullPorts, { at }: Profile): number | null {
  return at === null || isAhead(at, now()) ? null : at;
}

function datedBack({ traits }: ConnectedDirectory, listedAt: number): number {
  return listedAt - traits.lagMs;
}

/** A scheduled pull that would change a field of more users than the ceiling goes on as a plan. */
async function withinCeiling(ports: PullPorts, job: PullJob, tally: PullTally): Promise<PullJob> {
  if (!job.apply || !job.isScheduled) return job;
  const { limit } = await readCeiling(ports);
  const { fields } = tally.report();
  if (!(Object.keys(fields) as (keyof RoqFields)[]).some((name) => (fields[name] ?? 0) > limit)) return job;
  tally.set({ stopped: 'too_many_changes' });
  return { ...job, apply: false };
}

/** Folds what was missed, and makes ROQ follow; what fails there is pending from then on, and the schedule's. */
export async function applyMissed(
  ports: PullPorts,
  directory: ConnectedDirectory,
  missed: readonly Missed[],
  tally: PullTally,
  budget: RunBudget,
): Promise<void> {
  const source = sourceOf(directory.traits.name);
  const { isExclusive } = directory;
  const left = new Set(batchesOf(missed));
  // Each batch has its turn even if ROQ seems to be down.
  while (left.size > 0) {
    await budget.concurrency.each([...left], async (batch) => {
      left.delete(batch);
      const owner = randomUUID();
      const folded = await Promise.all(
        batch.map(({ reference, facts }) =>
          ports.store.fold(reference, facts, owner, budget.leaseMs, {
            source,
            isExclusive,
            why: { by: directory.traits.name, what: 'pull', toldAt: newestAt(facts) },
          }),
        ),
      );
      const leased = folded.map((one) => one.leased).filter((record) => record !== null);
      const outcomes = await converge(ports, leased, budget.deadline);
      tally.add('pending', folded.filter(({ changed, leased }) => changed && !leased).length);
      for (const { is, deactivated } of outcomes) {
        tally.add(is === 'retry' || is === 'lost' ? 'pending' : is, 1);
        if (deactivated) tally.add('deactivated', 1);
      }
      return feedbackOf(outcomes);
    });
  }
}
