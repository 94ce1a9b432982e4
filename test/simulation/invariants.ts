// What must hold in every history, each with its name; and the book that is kept to tell.

import { type Item, toRecord, type UserRecord } from '../../lib/dynamodb/record.ts';
import type { RoqUser } from '../../local/roq-users.ts';
import { canary } from './history.ts';
import {
  addressOf,
  differing,
  expectedOf,
  type Fact,
  type Facts,
  hasNoticed,
  isPoisoned,
  isRefusable,
  wasVerified,
} from './model.ts';

const [minuteMs, hourMs] = [60_000, 3_600_000];
// A backfill's 15 minutes, and the margin of a lease.
const longestLeaseMs = 930_000;
// From a look-up until the create that follows it has landed.
const longestCreateMs = 5 * minuteMs;
// For so long a change that was not answered may land, and nobody may touch the user; and a little more.
const longestLandingMs = 2 * minuteMs;

export const invariants = {
  applied: '1: what was answered 2xx is applied in the end, or visibly waits, is parked or held',
  single:
    '2: never two ROQ users that we made for one reference, nor one beside another that had long been there',
  newest: '3: what ROQ ends with is what the newest facts say',
  ceiling: '4: never more deactivations than the ceiling lets through',
  settled: '5: repeating the whole history changes nothing and calls no mutation',
  silent: '6: no personal datum and no secret in a log line or an answer',
  alone: '7: whoever changes a user in ROQ has the lease of its record',
  answered:
    '8: a sound event is never refused, nor answered 5xx where nothing fails, and no function throws but for what it can not reach',
  verified: '9: nobody is opted in for an address that nothing called verified',
  banned: '10: no ban waits behind a profile value',
  spared: '11: whoever can be brought in step is so within two hours, whatever is wrong with others',
  prompt: '12: new facts wait for no back-off',
} as const;

export type InvariantName = keyof typeof invariants;

export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: InvariantName;

  constructor(invariant: InvariantName, message: string) {
    super(message);
    this.invariant = invariant;
  }
}

export type Book = ReturnType<typeof createBook>;

type BookOptions = {
  readonly ceiling: number;
  readonly startMs: number;
  readonly skewMs: number;
  readonly onViolation: (violation: Violation) => void;
};

/** Keeps the book of one history; the first violation stays. */
export function createBook({ ceiling, startMs, skewMs, onViolation }: BookOptions) {
  const told = new Map<string, Fact[]>();
  const acknowledged = new Map<string, Fact[]>();
  const made = new Set<string>();
  const linked = new Map<string, string>();
  const edited = new Set<string>();
  const removed = new Set<string>();
  /** What the holder of each lease knew of the record when it last wrote it, or called ROQ. */
  const known = new Map<string, { readonly version: number; readonly attempts: number }>();
  let deactivations = 0;
  let excused = 0;
  let mutations = 0;
  let hasDrops = false;
  let violation: Violation | null = null;
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
    checkSpared,
    checkRecords,
    /** Somebody changed the user in ROQ; who is parked or held already is not looked after then. */
    noteEdit: (reference: string) => {
      edited.add(reference);
    },
    /** Somebody took the ROQ users of a reference away: others may be made in their place. */
    noteRemoval: (reference: string) => {
      made.delete(reference);
      linked.delete(reference);
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

  /** It was answered 2xx: from now on the record must show it. */
  function acknowledge(reference: string, facts: readonly Fact[], item: Item | undefined): void {
    acknowledged.set(reference, [...(acknowledged.get(reference) ?? []), ...facts]);
    checkNoticed(reference, facts, item);
  }

  function checkNoticed(reference: string, facts: readonly Fact[], item: Item | undefined): void {
    const held = item ? toRecord(item).facts : null;
    const missing = facts.filter((fact) => !hasNoticed(held?.[fact.name as keyof typeof held], fact));
    if (held && missing.length === 0) return;
    const names = missing.map(({ name, value, at }) => `${name} = ${value} at ${at}`);
    fail(
      'applied',
      `${reference} was answered 2xx, and its record does not have ${names.join(', ') || 'it at all'}`,
    );
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
    if (before && before.active !== false && after.active === false) deactivations += 1;
    checkCeiling(nowMs);
  }

  function checkOptedIn(before: RoqUser | null, after: RoqUser): void {
    const isAsBefore = before?.isOptedIn === true && addressOf(before.email) === addressOf(after.email);
    if (after.isOptedIn !== true || isAsBefore) return;
    if (wasVerified(told.get(after.reference) ?? [], after.email)) return;
    fail('verified', `${after.reference} is opted in for ${after.email}, which nothing called verified`);
  }

  // Who is known to be deleted is not made any more; who is disabled is made so.
  function checkMade({ reference, active }: RoqUser, others: readonly RoqUser[], nowMs: number): void {
    if (made.has(reference)) fail('single', `${reference} was made in ROQ a second time`);
    if (others.some(({ createdAt }) => createdAt.getTime() < nowMs - longestCreateMs))
      fail('single', `${reference} was made in ROQ beside another that had long been there`);
    made.add(reference);
    const isDisabled = told.get(reference)?.some(({ name, value }) => name === 'disabled' && value === true);
    if (active === false && !isDisabled) fail('newest', `${reference} was made in ROQ only to be deleted`);
  }

  // A deactivation that was let through in one hour may be made in a later one, so the hours are taken together.
  function checkCeiling(nowMs: number): void {
    const hours = Math.floor((nowMs + skewMs) / hourMs) - Math.floor((startMs - skewMs) / hourMs) + 1;
    const allowed = ceiling * hours + excused;
    if (deactivations > allowed) {
      fail('ceiling', `${deactivations} deactivations in ${hours} h, of ${allowed} that were let through`);
    }
  }

  function noteText(text: string): void {
    if (text.includes(canary)) fail('silent', `a person's data or a secret was shown: ${text.slice(0, 500)}`);
  }

  /** A change is about to be sent: the process that sends it must have the lease. */
  function checkLease(reference: string, item: Item | undefined, isHolder: boolean, nowMs: number): void {
    const lease = item && toRecord(item).lease;
    if (!lease || lease.untilMs <= nowMs) fail('alone', `${reference} is changed under a lease that ran out`);
    if (!isHolder) fail('alone', `${reference} is changed under somebody else's lease`);
  }

  /** At any moment: what is not in step is queued for it, and what is not queued is in step. */
  function checkStep(record: UserRecord, users: readonly RoqUser[]): void {
    const { reference, queue, version, syncedVersion, roqId } = record;
    if (roqId !== (linked.get(reference) ?? roqId))
      fail('newest', `${reference} is linked to another ROQ user`);
    if (roqId) linked.set(reference, roqId);
    if (queue !== null) return;
    if (version !== syncedVersion) fail('applied', `${reference} has news, and nobody will look after it`);
    if (record.lease === null && !edited.has(reference)) checkUser(record, users);
  }

  /** The holder of the lease of a record writes it, or calls ROQ: from now on it goes by what it finds there. */
  function noteKnown({ reference, version, attempts }: UserRecord): void {
    known.set(reference, { version, attempts });
  }

  /** The holder of the lease writes the record: where the attempt failed, facts that it did not know wait for nothing. */
  function checkPrompt({ reference, queue, dueAt, lease, ...record }: UserRecord, nowMs: number): void {
    const before = known.get(reference);
    if (!before || queue !== 'pending' || record.attempts <= before.attempts) return;
    const hasNews = record.version > before.version;
    const waitMs = Math.max(hasNews ? (dueAt ?? 0) - nowMs : 0, (lease?.untilMs ?? 0) - nowMs);
    if (waitMs > longestLandingMs) fail('prompt', `${reference} waits ${waitMs} ms, whatever comes in`);
  }

  /** Two hours after the last trouble. */
  function checkSpared(items: readonly Item[], users: readonly RoqUser[]): void {
    for (const record of items.map(toRecord)) {
      const { reference, queue, facts, roqId, lastError } = record;
      const user = users.find(({ id }) => id === roqId);
      const isBanned = facts.disabled?.value === true && user && user.active !== false && queue !== 'held';
      if (isBanned && queue !== null)
        fail('banned', `${reference} is disabled, and active in ROQ (${lastError})`);
      if (queue === 'pending') fail('spared', `${reference} is pending after hours (${lastError})`);
    }
  }

  /** Of everybody, once all is quiet; of whom somebody changed in ROQ, only once an audit has been there. */
  function checkRecords(
    items: readonly Item[],
    users: readonly RoqUser[],
    isAudited: boolean,
    nowMs: number,
  ): void {
    const itemOf = new Map(items.map((item) => [item.reference?.S ?? '', item]));
    for (const [reference, facts] of acknowledged) checkNoticed(reference, facts, itemOf.get(reference));
    for (const item of items) checkRecord(toRecord(item), users, isAudited, nowMs);
  }

  function checkRecord(
    record: UserRecord,
    users: readonly RoqUser[],
    isAudited: boolean,
    nowMs: number,
  ): void {
    const { reference, queue, facts, lastError } = record;
    const heard = told.get(reference) ?? [];
    for (const [name, fact] of Object.entries(facts)) {
      const isTold = heard.some((one) => isSame(one, { name, ...fact }));
      const isDropped =
        hasDrops && fact.value === false && heard.some((one) => one.name === name && one.at === fact.at - 1);
      if (!isTold && !isDropped) {
        fail('newest', `${reference} has ${name} = ${fact.value} at ${fact.at}, which nobody told`);
      }
    }
    if (queue === 'pending') fail('applied', `${reference} is still pending (${lastError})`);
    if (queue === 'waiting' && facts.email)
      fail('applied', `${reference} waits for an address that is known`);
    if (queue === 'parked' && !mayPark(reference, facts))
      fail('applied', `${reference} is parked without need (${lastError})`);
    if (queue === 'held' && ceiling >= 1_000) fail('banned', `${reference} is held, and there is room`);
    if (queue === 'held' && expectedOf(facts).active !== false)
      fail('applied', `${reference} is held, and nobody wants it deactivated`);
    // Who died over a record in step leaves its lease there, to be taken over by whoever comes next.
    if (record.lease && record.lease.untilMs > nowMs + longestLeaseMs)
      fail('applied', `${reference} is leased for longer than any function runs`);
    if (isAudited || !edited.has(reference)) checkUser(record, users);
  }

  // A value that ROQ never takes, no value at all, an address that somebody else has, a user who is gone.
  function mayPark(reference: string, facts: Facts): boolean {
    const isTaken = [...told].some(
      ([other, heard]) => other !== reference && heard.some((one) => isSameEmail(one, facts.email)),
    );
    return isRefusable(facts) || isPoisoned(facts) || isTaken || removed.has(reference);
  }

  function checkUser({ reference, roqId, queue, facts }: UserRecord, users: readonly RoqUser[]): void {
    const user = users.find(({ id }) => id === roqId);
    const expected = expectedOf(facts);
    if (!user && removed.has(reference)) return;
    if (!user) {
      if (roqId !== null) fail('newest', `${reference} is linked to a ROQ user that there is not`);
      const isExcused = queue === 'waiting' || queue === 'parked' || facts.deleted?.value === true;
      if (!isExcused) fail('newest', `${reference} has no ROQ user`);
      return;
    }
    const wrong = differing(expected, { ...user }).filter((name) => !isExcusedField(name, reference, queue));
    if (wrong.length > 0) {
      const all = wrong.map((name) => `${name} is ${user[name as keyof RoqUser]} and not ${expected[name]}`);
      fail(
        wrong.includes('active') && expected.active === false ? 'banned' : 'newest',
        `${reference} in ROQ: ${all.join(', ')}`,
      );
    }
  }

  // What ROQ refuses keeps the profile out of step; whoever has to be shut out is shut out all the same.
  function isExcusedField(name: string, reference: string, queue: UserRecord['queue']): boolean {
    if (queue !== null && edited.has(reference)) return true;
    if (queue === 'held') return name === 'active';
    return queue === 'parked' && (name !== 'active' || ceiling < 1_000);
  }
}

function isSame(one: Fact, other: Fact): boolean {
  // What is left out in a record was written before addresses were kept.
  const isOfOne = other.of === undefined || addressOf(one.of ?? '') === addressOf(other.of ?? '');
  return one.name === other.name && one.at === other.at && one.value === other.value && isOfOne;
}

function isSameEmail({ name, value }: Fact, email: Facts[string]): boolean {
  return name === 'email' && typeof value === 'string' && typeof email?.value === 'string'
    ? addressOf(value) === addressOf(email.value)
    : false;
}
