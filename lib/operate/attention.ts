// Users who need a person, each with why: whose deactivation is over the ceiling, and whom ROQ refuses.

import type { App } from '../app.ts';
import type { Queued, UserRecord } from '../dynamodb/record.ts';
import { findTold, type Step, toSteps } from '../history.ts';
import { type Reason, reasonOf } from '../sync/ceiling.ts';

/** A user whom ROQ refuses; `refused`: the fields that it named, as far as that is kept. */
export type ParkedUser = Queued & { readonly refused: readonly string[] };

/** A user who is held, and why. */
export type HeldUser = Queued & {
  readonly reason: Reason;
  /** The providers that reported the user; empty where the record is older than their being recorded. */
  readonly sources: readonly string[];
  /** Who told it by which kind of event, and when; null where that is not kept any more. */
  readonly told: Pick<Step, 'by' | 'what' | 'at'> | null;
};

// What one BatchGetItem takes.
const readAtOnce = 100;

// No more are looked through for bans: a wrong export can have everybody held, and a list has to answer in time.
const maxRead = 10_000;

/**
 * The users who are held, bans first, and of each kind the longest held first. The index does not know why they are, so
 * their records are read, which leaves out whoever was let go meanwhile.
 */
export async function* heldUsers({ queries }: Pick<App, 'queries'>): AsyncGenerator<HeldUser> {
  const users: HeldUser[] = [];
  for await (const chunk of inChunks(queries.queued('held'))) {
    const records = await queries.getMany(chunk.map(({ reference }) => reference));
    users.push(...chunk.map((queued) => toHeldUser(queued, records)).filter((user) => user !== null));
    if (users.length >= maxRead) break;
  }
  yield* users.sort(
    (one, other) => rank(one) - rank(other) || (one.pendingSince ?? 0) - (other.pendingSince ?? 0),
  );
}

/** The users who are parked, each with what ROQ refuses of them, for which their records are read. */
export async function* parkedUsers({ queries }: Pick<App, 'queries'>): AsyncGenerator<ParkedUser> {
  for await (const chunk of inChunks(queries.queued('parked'))) {
    const records = await queries.getMany(chunk.map(({ reference }) => reference));
    for (const queued of chunk) {
      const steps = toSteps(records.get(queued.reference)?.steps ?? []);
      const refused = steps.findLast(({ by, what }) => by === 'roq' && what === 'parked')?.fields ?? [];
      yield { ...queued, refused };
    }
  }
}

function toHeldUser(queued: Queued, records: ReadonlyMap<string, UserRecord>): HeldUser | null {
  const record = records.get(queued.reference);
  if (record?.queue !== 'held') return null;
  const reason = reasonOf(record.facts);
  const step = findTold(record.steps, [reason]);
  const told = step && { by: step.by, what: step.what, at: step.at };
  return { ...queued, reason, sources: record.sources, told };
}

function rank({ reason }: HeldUser): number {
  return reason === 'disabled' ? 0 : 1;
}

async function* inChunks(queued: AsyncIterable<Queued>): AsyncGenerator<readonly Queued[]> {
  let chunk: Queued[] = [];
  for await (const one of queued) {
    chunk.push(one);
    if (chunk.length < readAtOnce) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
