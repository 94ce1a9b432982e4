// Users whose deactivation is over the ceiling, each with why: bans before deletions.

import type { App } from '../app.ts';
import type { Queued, UserRecord } from '../dynamodb/record.ts';
import type { Facts } from '../user.ts';

/** Why a user is to be deactivated: somebody disabled them, which is a ban, or they were deleted. */
export type HeldFor = 'disabled' | 'deleted';

export type HeldUser = Queued & {
  readonly heldFor: HeldFor;
  /** The providers that told of the user; empty where the record is older than their being recorded. */
  readonly sources: readonly string[];
};

// What one BatchGetItem takes.
const readAtOnce = 100;

// More than this are looked through for bans by nobody: a wrong export can hold a whole table.
const maxRead = 10_000;

/** Why the user is held. */
export function heldFor({ disabled }: Facts): HeldFor {
  return disabled?.value === true ? 'disabled' : 'deleted';
}

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

function toHeldUser(queued: Queued, records: ReadonlyMap<string, UserRecord>): HeldUser | null {
  const record = records.get(queued.reference);
  if (record?.queue !== 'held') return null;
  return { ...queued, heldFor: heldFor(record.facts), sources: record.sources };
}

function rank({ heldFor }: HeldUser): number {
  return heldFor === 'disabled' ? 0 : 1;
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
