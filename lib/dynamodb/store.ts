// The one record a user has, in DynamoDB: every write a named condition.

import type { ConvergeCode } from '../errors.ts';
import type { TableOptions } from './client.ts';
import {
  distrustIfAbandoned,
  endLease,
  type Found,
  forgetFound,
  isDue,
  isKnownUser,
  isLeasedTo,
  isNewUser,
  isUnleased,
  leaseIs,
  leaveQueue,
  type Part,
  queueUp,
  queueUpForLeaseEnd,
  setCleared,
  setContested,
  setFailure,
  setFound,
  takeLease,
  versionIs,
} from './expressions.ts';
import { createFold, type Leased, ours } from './fold.ts';
import { createItems } from './items.ts';
import { numberAttribute, toRecord, type UserRecord } from './record.ts';
import { setSteps } from './steps.ts';

/** How a write under our lease ended. */
export type Written =
  | { readonly is: 'written' }
  /** New facts came in meanwhile, and the lease is still ours: go round again. */
  | { readonly is: 'moved'; readonly record: Leased }
  /** The lease is somebody else's by now. */
  | { readonly is: 'lost' };

export type Store = ReturnType<typeof createStore>;

export function createStore(options: TableOptions) {
  const { now } = options;
  const items = createItems(options);
  const { get, attempt } = items;
  return {
    fold: createFold(items, options),
    take,
    mark,
    postpone,
    park,
    hold,
    adopt,
    unlink,
    get,
  };

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

  /** ROQ matches the record, or the record waits for an e-mail address: stores that, and ends the lease. */
  function mark(record: Leased, found: Found, queue: 'waiting' | null): Promise<Written> {
    const parts: readonly Part[] = [
      versionIs(record.version),
      setFound(found),
      setContested(record),
      setSteps(knowing(record, found)),
      { set: ['syncedVersion = :synced'], values: { ':synced': numberAttribute(record.version) } },
      { remove: ['attempts', 'lastError', 'cleared'] },
      queue ? queueUp(record.reference, queue, now(), now()) : leaveQueue,
      endLease,
    ];
    return finish(record, parts, ({ syncedVersion }) => syncedVersion >= record.version);
  }

  /**
   * It didn't work out this time: due again at `dueAt`, in milliseconds. With `landedAt` a change was sent without an
   * answer, and nobody may touch the record before that; facts that came in meanwhile wait until then, and no longer.
   */
  async function postpone(
    record: Leased,
    found: Found,
    code: ConvergeCode,
    dueAt: number,
    landedAt: number | null = null,
  ): Promise<Written> {
    const isDone = (current: UserRecord) => isAttempted(current, record) && current.dueAt === dueAt;
    const failed = [setFound(found), setCleared(record, found), setFailure(record, code)];
    if (landedAt === null) {
      const parts = [
        versionIs(record.version),
        setSteps(knowing(record, found)),
        ...failed,
        queueUp(record.reference, 'pending', dueAt, now()),
      ];
      return finish(record, [...parts, endLease], isDone);
    }
    const lease = takeLease(record.lease.owner, landedAt);
    const write = (condition: readonly Part[], due: number) =>
      finish(
        record,
        [...condition, ...failed, lease, queueUp(record.reference, 'pending', due, now())],
        isDone,
      );
    const first = await write([versionIs(record.version), setSteps(knowing(record, found))], dueAt);
    if (first.is !== 'moved') return first;
    // What was added to the steps meanwhile stays.
    return isDone(first.record) ? { is: 'written' } : write([], landedAt);
  }

  /** ROQ refuses these facts for good. */
  function park(record: Leased, found: Found, code: ConvergeCode): Promise<Written> {
    const parts: readonly Part[] = [
      versionIs(record.version),
      setFound(found),
      setCleared(record, found),
      setSteps(knowing(record, found)),
      setFailure(record, code),
      queueUp(record.reference, 'parked', now(), now()),
      endLease,
    ];
    return finish(record, parts, (current) => isAttempted(current, record) && current.queue === 'parked');
  }

  /** Its deactivation is over the ceiling: it stays out of step until an operator decides, or new facts come in. */
  function hold(record: Leased, found: Found): Promise<Written> {
    const parts: readonly Part[] = [
      versionIs(record.version),
      setFound(found),
      setSteps(knowing(record, found)),
      { remove: ['attempts', 'lastError'] },
      queueUp(record.reference, 'held', now(), now()),
      endLease,
    ];
    return finish(record, parts, ({ queue, version }) => queue === 'held' && version === record.version);
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

  /**
   * Forgets the ROQ user under our lease, for one whom ROQ is shown to have lost; null when the lease is somebody else's by
   * now. Pending from then on: a process that dies before it has the user made leaves that to the schedule.
   */
  async function unlink({ reference, lease: { owner } }: Leased): Promise<Leased | null> {
    const { written } = await attempt(reference, [
      isLeasedTo(owner),
      forgetFound,
      queueUpForLeaseEnd(reference, now()),
    ]);
    return written && ours(written, owner);
  }

  /**
   * A write under our lease. What stands against it is new facts, or that the lease is no longer ours; or it is this very
   * write, which the client sent again after its answer was lost: `isDone` knows its own.
   */
  async function finish(
    record: Leased,
    parts: readonly Part[],
    isDone: (current: UserRecord) => boolean,
  ): Promise<Written> {
    const { owner } = record.lease;
    const { isWritten, item } = await items.write(record.reference, [isLeasedTo(owner), ...parts], 'NONE');
    if (isWritten) return { is: 'written' };
    const current = item ? toRecord(item) : await get(record.reference);
    const stillOurs = current && ours(current, owner);
    if (stillOurs) return { is: 'moved', record: stillOurs };
    return current && isDone(current) ? { is: 'written' } : { is: 'lost' };
  }
}

/** The record as it will be. */
function knowing(record: UserRecord, { roqId, observed }: Found): UserRecord {
  return { ...record, roqId: roqId ?? record.roqId, observed };
}

/** Whether one more attempt than ours is on record, of the same version: that of this very write. */
function isAttempted(current: UserRecord, { attempts, version }: UserRecord): boolean {
  return current.attempts === attempts + 1 && current.version === version;
}
