// The one record a user has, in DynamoDB: every write a named condition.

import { ConditionalCheckFailedException, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type RoqCode, UnavailableError } from '../errors.ts';
import { type FactName, type Facts, news } from '../user.ts';
import { reach, type TableOptions } from './client.ts';
import {
  distrustIfAbandoned,
  endLease,
  expressions,
  type Found,
  isDue,
  isKnownUser,
  isNewUser,
  isUnleased,
  leaseIs,
  type Part,
  setCleared,
  setFailure,
  setFound,
  shardName,
  takeLease,
  versionIs,
} from './expressions.ts';
import {
  factAttribute,
  type Item,
  numberAttribute,
  type Queue,
  shardOf,
  toRecord,
  type UserRecord,
} from './record.ts';

/** A record whose lease we hold. */
export type Leased = UserRecord & { readonly lease: { readonly owner: string; readonly untilMs: number } };

export type Folded = {
  readonly record: UserRecord;
  /** False: everything was known already. */
  readonly changed: boolean;
  /** The record with the lease that this fold took; null when someone else holds it, or nothing was to do. */
  readonly leased: Leased | null;
};

/** How a write under our lease ended. */
export type Written =
  | { readonly is: 'written' }
  /** New facts came in meanwhile, and the lease is still ours: go round again. */
  | { readonly is: 'moved'; readonly record: Leased }
  /** The lease is somebody else's by now. */
  | { readonly is: 'lost' };

export type Store = ReturnType<typeof createStore>;

// Each contender for a record makes one conditional write at a time, so that of n contenders one gets through in
// every round: this bounds how many may meet on one user before a sender is asked to come again.
const maxRounds = 12;

export function createStore({ client, tableName, now }: TableOptions) {
  return { fold, take, mark, postpone, park, hold, adopt, get };

  /**
   * Folds one event into the record and takes its lease, in one conditional write where nothing stands against it.
   * @throws UnavailableError `store_unavailable`: nothing is known to be recorded.
   */
  async function fold(reference: string, heard: Facts, owner: string, leaseMs: number): Promise<Folded> {
    let found = await foldUnread(reference, heard, owner, leaseMs);
    for (let round = 0; round < maxRounds; round++) {
      if (found.written) return { record: found.written, changed: true, leased: ours(found.written, owner) };
      const known = found.known ?? (await get(reference));
      if (!known) {
        found = await foldUnread(reference, heard, owner, leaseMs);
        continue;
      }
      // The client repeats a write whose answer was lost: what stands against it may be the first of the two.
      if (known.lease?.owner === owner) return { record: known, changed: true, leased: ours(known, owner) };
      const fresh = news(known.facts, heard);
      if (Object.keys(fresh).length === 0) return { record: known, changed: false, leased: null };
      found = await foldRead(known, fresh, owner, leaseMs);
    }
    throw new UnavailableError('store_unavailable', 'too many writers met on one record');
  }

  // The usual case: every fact is news and nobody holds the lease, so that the record need not be read.
  function foldUnread(reference: string, heard: Facts, owner: string, leaseMs: number): Promise<Attempt> {
    const facts = Object.keys(heard) as FactName[];
    const isNews = facts.map((name) => `(attribute_not_exists(#${name}) OR #${name}.#at < :${name}At)`);
    return attempt(reference, [
      setFacts(heard),
      facts.length > 0 ? { condition: isNews.join(' AND '), names: { '#at': 'at' } } : isNewUser,
      {
        values: Object.fromEntries(
          facts.map((name) => [`:${name}At`, numberAttribute(heard[name]?.at ?? 0)]),
        ),
      },
      isUnleased,
      takeLease(owner, now() + leaseMs),
      queueUp(reference, 'pending', now() + leaseMs),
    ]);
  }

  // Some facts are old, or somebody holds the lease: fold the news into the record as it was read.
  function foldRead(known: UserRecord, fresh: Facts, owner: string, leaseMs: number): Promise<Attempt> {
    const isLeased = known.lease !== null && known.lease.untilMs > now();
    const dueAt = isLeased && known.lease ? known.lease.untilMs : now() + leaseMs;
    return attempt(known.reference, [
      setFacts(fresh),
      versionIs(known.version),
      leaseIs(known),
      queueUp(known.reference, 'pending', dueAt),
      isLeased ? {} : takeLease(owner, now() + leaseMs),
      isLeased ? {} : distrustIfAbandoned(known),
    ]);
  }

  /**
   * Takes the lease of a record as it is; null when someone else holds it, or there is no such record.
   * With `dueByMs`, in milliseconds, only of one that is still pending and due by then.
   */
  async function take(
    reference: string,
    owner: string,
    leaseMs: number,
    dueByMs?: number,
  ): Promise<Leased | null> {
    const isWanted = dueByMs === undefined ? isKnownUser : isDue(reference, dueByMs);
    const first = await attempt(reference, [isWanted, isUnleased, takeLease(owner, now() + leaseMs)]);
    if (first.written) return ours(first.written, owner);
    const known = first.known ?? (await get(reference));
    if (!known?.lease) return null;
    if (known.lease.owner === owner) return ours(known, owner);
    if (known.lease.untilMs > now()) return null;
    const second = await attempt(reference, [
      isWanted,
      leaseIs(known),
      takeLease(owner, now() + leaseMs),
      distrustIfAbandoned(known),
    ]);
    return second.written ? ours(second.written, owner) : null;
  }

  /** ROQ matches the record, or the record waits for an e-mail address: stores that, and gives the lease back. */
  function mark(record: Leased, found: Found, queue: 'waiting' | null): Promise<Written> {
    return finish(record, [
      versionIs(record.version),
      setFound(found),
      { set: ['syncedVersion = :synced'], values: { ':synced': numberAttribute(record.version) } },
      { remove: ['attempts', 'lastError', 'cleared'] },
      queue
        ? queueUp(record.reference, queue, now())
        : { remove: ['#shard', 'dueAt', 'pendingSince'], names: shardName },
      endLease,
    ]);
  }

  /**
   * It didn't work out this time: due again at `dueAt`, in milliseconds.
   * With `keepLease` nobody may touch the record before that.
   */
  function postpone(
    record: Leased,
    found: Found,
    code: RoqCode,
    dueAt: number,
    keepLease: boolean,
  ): Promise<Written> {
    return finish(record, [
      setFound(found),
      setCleared(record),
      setFailure(record, code),
      queueUp(record.reference, 'pending', dueAt),
      keepLease ? takeLease(record.lease.owner, dueAt) : endLease,
    ]);
  }

  /** ROQ refuses these facts for good. */
  function park(record: Leased, found: Found, code: RoqCode): Promise<Written> {
    return finish(record, [
      versionIs(record.version),
      setFound(found),
      setCleared(record),
      setFailure(record, code),
      queueUp(record.reference, 'parked', now()),
      endLease,
    ]);
  }

  /** Its deactivation is over the ceiling: it stays out of step until an operator decides, or new facts come in. */
  function hold(record: Leased, found: Found): Promise<Written> {
    return finish(record, [
      versionIs(record.version),
      setFound(found),
      { remove: ['attempts', 'lastError'] },
      queueUp(record.reference, 'held', now()),
      endLease,
    ]);
  }

  /** Records that a ROQ user stands for the reference; false when the reference has a record already. */
  async function adopt(reference: string, { roqId, observed }: Found): Promise<boolean> {
    const { written } = await attempt(reference, [
      isNewUser,
      setFound({ roqId, observed }),
      { set: ['version = :zero'], values: { ':zero': numberAttribute(0) } },
    ]);
    return written !== null;
  }

  // A write under our lease. What stands against it is either new facts, or that the lease is no longer ours.
  async function finish(record: Leased, parts: readonly Part[]): Promise<Written> {
    const { owner } = record.lease;
    const isOurs = {
      condition: '#owner = :ours',
      names: { '#owner': 'owner' },
      values: { ':ours': { S: owner } },
    };
    const { isWritten, item } = await update(record.reference, [isOurs, ...parts], 'NONE');
    if (isWritten) return { is: 'written' };
    const current = item ? toRecord(item) : await get(record.reference);
    const stillOurs = current && ours(current, owner);
    return stillOurs ? { is: 'moved', record: stillOurs } : { is: 'lost' };
  }

  /** The record, read consistently. */
  async function get(reference: string): Promise<UserRecord | null> {
    const { Item } = await reach(() =>
      client.send(
        new GetItemCommand({
          TableName: tableName,
          Key: { reference: { S: reference } },
          ConsistentRead: true,
        }),
      ),
    );
    return Item ? toRecord(Item) : null;
  }

  async function attempt(reference: string, parts: readonly Part[]): Promise<Attempt> {
    const { isWritten, item } = await update(reference, parts, 'ALL_NEW');
    const record = item ? toRecord(item) : null;
    return isWritten ? { written: record, known: null } : { written: null, known: record };
  }

  /** One conditional write; `item`: as it is now if asked for, or as it stood against the write where the engine says it. */
  async function update(
    reference: string,
    parts: readonly Part[],
    returns: 'ALL_NEW' | 'NONE',
  ): Promise<{ readonly isWritten: boolean; readonly item: Item | undefined }> {
    try {
      const { Attributes } = await reach(() =>
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: { reference: { S: reference } },
            ...expressions(parts),
            ReturnValues: returns,
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          }),
        ),
      );
      return { isWritten: true, item: Attributes };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { isWritten: false, item: error.Item };
    }
  }

  function setFacts(facts: Facts): Part {
    const names = Object.keys(facts) as FactName[];
    return {
      set: [...names.map((name) => `#${name} = :${name}`), 'version = if_not_exists(version, :zero) + :one'],
      names: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      values: {
        ...Object.fromEntries(
          names.map((name) => [`:${name}`, factAttribute(facts[name] ?? { value: null, at: 0 })]),
        ),
        ':zero': numberAttribute(0),
        ':one': numberAttribute(1),
      },
    };
  }

  function queueUp(reference: string, queue: Queue, dueAt: number): Part {
    return {
      set: ['#shard = :shard', 'dueAt = :dueAt', 'pendingSince = if_not_exists(pendingSince, :now)'],
      names: shardName,
      values: {
        ':shard': { S: shardOf(queue, reference) },
        ':dueAt': numberAttribute(dueAt),
        ':now': numberAttribute(now()),
      },
    };
  }
}

/** One conditional write: the record as written, or, where the engine says it, as it stood against the write. */
type Attempt = { readonly written: UserRecord | null; readonly known: UserRecord | null };

function ours(record: UserRecord, owner: string): Leased | null {
  return record.lease?.owner === owner ? { ...record, lease: record.lease } : null;
}
