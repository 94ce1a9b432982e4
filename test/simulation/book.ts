// The book that is kept of a history, to tell whether the invariants hold.

import { type Item, toRecord, type UserRecord } from '../../lib/dynamodb/record.ts';
import type { RoqUser } from '../../local/roq-user.ts';
import { canary } from './history.ts';
import { type InvariantName, Violation } from './invariants.ts';
import { addressOf, type Fact, isBan, wasVerified } from './model.ts';
import { createRecordChecks } from './records.ts';

const [minuteMs, hourMs] = [60_000, 3_600_000];
// From a look-up until the create that follows it has landed.
const longestCreateMs = 5 * minuteMs;
// For so long a change that was not answered may land, and nobody may touch the user; and a little more.
const longestLandingMs = 2 * minuteMs;
// The longest wait after the first attempt at new facts.
const firstBackoffMs = 5_000;

export type Book = ReturnType<typeof createBook>;

/** What the holder of a lease goes by. */
type Known = { readonly version: number; readonly attempts: number; readonly isLeftOut: boolean };

type BookOptions = {
  readonly ceiling: number;
  readonly isShared: boolean;
  /** Whether a deactivation may be let through, and counted, and forgotten. */
  readonly forgets: boolean;
  readonly startMs: number;
  readonly skewMs: number;
  readonly onViolation: (violation: Violation) => void;
};

/** Keeps the book of one history; the first violation stays. */
export function createBook({ ceiling, isShared, forgets, startMs, skewMs, onViolation }: BookOptions) {
  const told = new Map<string, Fact[]>();
  const acknowledged = new Map<string, Fact[]>();
  const made = new Set<string>();
  const linked = new Map<string, string>();
  /** Who told of a user first, where that counts. */
  const claimed = new Map<string, string>();
  const edited = new Set<string>();
  const removed = new Set<string>();
  /** What the holder of each lease knew of the record when it last wrote it, or called ROQ. */
  const known = new Map<string, Known>();
  /** The same as it was when a change was last sent, which may land later. */
  const sentOf = new Map<string, Known>();
  /** Deactivations by all that could be a reason for them then. */
  const deactivations = { disabled: 0, deleted: 0, either: 0 };
  let excused = 0;
  let mutations = 0;
  let hasDrops = false;
  let violation: Violation | null = null;
  const records = createRecordChecks({
    ceiling,
    forgets,
    heardOf,
    told,
    edited,
    removed,
    hasDrops: () => hasDrops,
    fail,
  });
  return {
    tell,
    acknowledge,
    noteChange,
    noteKnown,
    noteText,
    fail,
    checkLease,
    checkStep,
    checkPrompt,
    checkSpared: records.checkSpared,
    checkRecords,
    /** Somebody changed the user in ROQ; who is parked or held already is not looked after then. */
    noteEdit: (reference: string) => {
      edited.add(reference);
    },
    /** Somebody took the ROQ users of a reference away: others may be made in their place. */
    noteRemoval: (reference: string) => {
      made.delete(reference);
      edited.add(reference);
      removed.add(reference);
    },
    /** From now on an operator may have taken back that somebody was disabled or deleted. */
    allowDrops: () => {
      hasDrops = true;
    },
    /** Deactivations that the ceiling need not let through: somebody said so, or undid one by hand. */
    excuse: (count: number) => {
      excused += count;
    },
    get hasEdits() {
      return edited.size > 0;
    },
    get violation() {
      return violation;
    },
    get mutations() {
      return mutations;
    },
  };

  function fail(invariant: InvariantName, message: string): void {
    if (violation) return;
    violation = new Violation(invariant, message);
    onViolation(violation);
  }

  /** Somebody said something of a user, whether or not it arrives. */
  function tell(reference: string, facts: readonly Fact[]): void {
    told.set(reference, [...(told.get(reference) ?? []), ...facts]);
  }

  /** What counts of all that was said of a user: all, or what was said by who told of them first, or by an operator. */
  function heardOf(reference: string): readonly Fact[] {
    const owner = claimed.get(reference);
    const all = told.get(reference) ?? [];
    return owner === undefined ? all : all.filter(({ by }) => by === null || by === owner);
  }

  /** It was answered 2xx: from now on the record must show it, unless it was said by one who has no say. */
  function acknowledge(reference: string, facts: readonly Fact[], item: Item | undefined): void {
    const owner = claimed.get(reference);
    const counted = facts.filter(({ by }) => owner === undefined || by === null || by === owner);
    if (facts.length > 0 && counted.length === 0) return;
    acknowledged.set(reference, [...(acknowledged.get(reference) ?? []), ...counted]);
    records.checkNoticed(reference, counted, item);
  }

  /** A change by us landed; `others`: the other ROQ users of that reference. */
  function noteChange(
    before: RoqUser | null,
    after: RoqUser,
    others: readonly RoqUser[],
    nowMs: number,
  ): void {
    mutations += 1;
    if (!before) checkMade(after, others, nowMs);
    checkOptedIn(before, after);
    if (before && before.active !== false && after.active === false)
      deactivations[reasonFor(after.reference)] += 1;
    checkCeiling(nowMs);
  }

  function checkOptedIn(before: RoqUser | null, after: RoqUser): void {
    const isAsBefore = before?.isOptedIn === true && addressOf(before.email) === addressOf(after.email);
    if (after.isOptedIn !== true || isAsBefore) return;
    if (wasVerified(heardOf(after.reference), after.email)) return;
    fail('verified', `${after.reference} is opted in for ${after.email}, which nothing called verified`);
  }

  // Who is known to be deleted is not made any more; who is disabled is made so.
  function checkMade({ reference, active }: RoqUser, others: readonly RoqUser[], nowMs: number): void {
    if (made.has(reference)) fail('single', `${reference} was made in ROQ a second time`);
    if (others.some(({ createdAt }) => createdAt.getTime() < nowMs - longestCreateMs))
      fail('single', `${reference} was made in ROQ beside another that had long been there`);
    if (sentOf.get(reference)?.isLeftOut)
      fail('scoped', `${reference} was made in ROQ, and the scope leaves them out`);
    made.add(reference);
    const isDisabled = told.get(reference)?.some(({ name, value }) => name === 'disabled' && value === true);
    if (active === false && !isDisabled) fail('newest', `${reference} was made in ROQ only to be deleted`);
  }

  function reasonFor(reference: string): keyof typeof deactivations {
    const facts = told.get(reference) ?? [];
    if (!facts.some(({ name }) => name === 'deleted')) return 'disabled';
    return facts.some(isBan) ? 'either' : 'deleted';
  }

  // So many of each reason in any hour and the next; one that was let through may be made hours later, so that all are
  // taken together.
  function checkCeiling(nowMs: number): void {
    const hours = Math.floor((nowMs + skewMs) / hourMs) - Math.floor((startMs - skewMs) / hourMs) + 1;
    const allowed = ceiling * Math.ceil(hours / 2) + excused;
    const { disabled, deleted, either } = deactivations;
    if (Math.max(disabled, deleted) > allowed || disabled + deleted + either > 2 * allowed) {
      const made = `${disabled} of the disabled, ${deleted} of the deleted, ${either} of either`;
      fail('ceiling', `deactivated in ${hours} h: ${made}; let through: ${allowed} of each`);
    }
  }

  function noteText(text: string): void {
    if (text.includes(canary)) fail('silent', `a person's data or a secret was shown: ${text.slice(0, 500)}`);
  }

  /** A change is about to be sent: the process that sends it must have the lease. */
  function checkLease(reference: string, item: Item | undefined, isHolder: boolean, nowMs: number): void {
    const lease = item && toRecord(item).lease;
    const holds = known.get(reference);
    if (holds) sentOf.set(reference, holds);
    if (!lease || lease.untilMs <= nowMs) fail('alone', `${reference} is changed under a lease that ran out`);
    if (!isHolder) fail('alone', `${reference} is changed under somebody else's lease`);
  }

  /** At any moment: what is not in step is queued for it, and what is not queued is in step. */
  function checkStep(record: UserRecord, users: readonly RoqUser[]): void {
    const { reference, queue, version, syncedVersion, roqId } = record;
    const before = linked.get(reference);
    // Whom somebody took away in ROQ may have been made there anew.
    if (roqId !== before && users.some(({ id }) => id === before))
      fail('newest', `${reference} is linked to another ROQ user`);
    if (roqId) linked.set(reference, roqId);
    checkOwner(record);
    if (queue !== null) return;
    if (version !== syncedVersion) fail('applied', `${reference} has news, and nobody will look after it`);
    if (record.lease === null && !edited.has(reference)) records.checkUser(record, users);
  }

  function checkOwner({ reference, sources }: UserRecord): void {
    const [owner] = sources;
    if (isShared || owner === undefined) return;
    const first = claimed.get(reference) ?? owner;
    claimed.set(reference, first);
    if (sources.some((source) => source !== first)) fail('own', `${reference} is ${first}'s, and ${sources}`);
  }

  /** The holder of the lease of a record writes it, or calls ROQ: from now on it goes by what it finds there. */
  function noteKnown({ reference, version, attempts, facts }: UserRecord, hasRead: boolean): void {
    const isLeftOut = hasRead ? facts.outOfScope?.value === true : known.get(reference)?.isLeftOut;
    known.set(reference, { version, attempts, isLeftOut: isLeftOut ?? false });
  }

  /** The holder of the lease writes the record: where the attempt failed, facts that it did not know wait for nothing. */
  function checkPrompt({ reference, queue, dueAt, lease, ...record }: UserRecord, nowMs: number): void {
    const before = known.get(reference);
    if (!before || queue !== 'pending' || record.attempts <= before.attempts) return;
    const hasNews = record.version > before.version;
    if (lease && lease.untilMs > nowMs + longestLandingMs)
      fail('prompt', `${reference} is kept from everybody until ${lease.untilMs}`);
    const dueBy = lease?.untilMs ?? nowMs + firstBackoffMs + 2 * skewMs;
    if (hasNews && dueAt !== null && dueAt > dueBy)
      fail('prompt', `${reference} has news that are due only at ${dueAt}`);
  }

  /** Of everybody, once all is quiet; of whom somebody changed in ROQ, only once an audit has been there. */
  function checkRecords(
    items: readonly Item[],
    users: readonly RoqUser[],
    isAudited: boolean,
    nowMs: number,
  ): void {
    const itemOf = new Map(items.map((item) => [item.reference?.S ?? '', item]));
    for (const [reference, facts] of acknowledged)
      records.checkNoticed(reference, facts, itemOf.get(reference));
    for (const item of items) records.checkRecord(toRecord(item), users, isAudited, nowMs);
  }
}
