// What must hold of each record and its ROQ user, whenever it is looked at.

import { type Item, toRecord, type UserRecord } from '../../lib/dynamodb/record.ts';
import type { RoqUser } from '../../local/roq-user.ts';
import type { InvariantName } from './invariants.ts';
import {
  addressOf,
  differing,
  expectedOf,
  type Fact,
  type Facts,
  hasNoticed,
  isBan,
  isPoisoned,
  isRefusable,
} from './model.ts';

// A backfill's 15 minutes, and the margin of a lease.
const longestLeaseMs = 930_000;

/** What is known of the history so far. */
export type Past = {
  readonly ceiling: number;
  /** Whether a deactivation may be let through, and counted, and forgotten. */
  readonly forgets: boolean;
  /** All that counts of what was said of a user. */
  readonly heardOf: (reference: string) => readonly Fact[];
  /** All that was ever said of each user. */
  readonly told: ReadonlyMap<string, readonly Fact[]>;
  /** Whom somebody changed in ROQ by hand, and whom somebody took away there. */
  readonly edited: ReadonlySet<string>;
  readonly removed: ReadonlySet<string>;
  /** Whether an operator may have taken back that somebody was disabled or deleted. */
  readonly hasDrops: () => boolean;
  readonly fail: (invariant: InvariantName, message: string) => void;
};

export function createRecordChecks({
  ceiling,
  forgets,
  heardOf,
  told,
  edited,
  removed,
  hasDrops,
  fail,
}: Past) {
  return { checkRecord, checkUser, checkNoticed, checkSpared };

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

  /** Once all is quiet; of whom somebody changed in ROQ, the user itself only once an audit has been there. */
  function checkRecord(
    record: UserRecord,
    users: readonly RoqUser[],
    isAudited: boolean,
    nowMs: number,
  ): void {
    const { reference, queue, facts, lastError } = record;
    const heard = heardOf(reference);
    for (const [name, fact] of Object.entries(facts)) {
      const isTold = heard.some((one) => isSame(one, { name, ...fact }));
      const isDropped =
        hasDrops() &&
        fact.value === false &&
        heard.some((one) => one.name === name && one.at === fact.at - 1);
      if (!isTold && !isDropped) {
        const isForeign = told.get(reference)?.some((one) => isSame(one, { name, ...fact }));
        fail(
          isForeign ? 'own' : 'newest',
          `${reference} has ${name} = ${fact.value} at ${fact.at}, which nobody told who may`,
        );
      }
    }
    if (queue === 'pending') fail('applied', `${reference} is still pending (${lastError})`);
    if (queue === 'waiting' && facts.email)
      fail('applied', `${reference} waits for an address that is known`);
    if (queue === 'parked' && !mayPark(record, users))
      fail('applied', `${reference} is parked without need (${lastError})`);
    if (queue === 'held' && facts.disabled?.value === true && hasRoom())
      fail('banned', `${reference} is held, and there is room for a ban`);
    if (queue === 'held' && expectedOf(facts).active !== false)
      fail('applied', `${reference} is held, and nobody wants it deactivated`);
    // Who died over a record in step leaves its lease there, to be taken over by whoever comes next.
    if (record.lease && record.lease.untilMs > nowMs + longestLeaseMs)
      fail('applied', `${reference} is leased for longer than any function runs`);
    if (isAudited || !edited.has(reference)) checkUser(record, users);
  }

  // Users who are banned all fit, were they banned as often as anybody said so; others may have been deleted.
  function hasRoom(): boolean {
    const bans = [...told].flatMap(([reference, facts]) =>
      facts.filter(isBan).map(({ at, by }) => `${reference} ${at} ${by}`),
    );
    return ceiling >= 1_000 || (!forgets && edited.size === 0 && new Set(bans).size <= ceiling);
  }

  // A value that ROQ never takes, no value at all, an address that somebody else has, a user who is gone.
  function mayPark({ reference, roqId, facts }: UserRecord, users: readonly RoqUser[]): boolean {
    const isTaken = [...told].some(
      ([other, heard]) => other !== reference && heard.some((one) => isSameEmail(one, facts.email)),
    );
    // Somebody made a ROQ user of this reference while we made ours: the older one is kept in step, ours is for a person.
    const isOurs = users.some(
      (user) => user.reference === reference && user.id !== roqId && user.email === facts.email?.value,
    );
    return isRefusable(facts) || isPoisoned(facts) || isTaken || isOurs || removed.has(reference);
  }

  function checkUser({ reference, roqId, queue, facts }: UserRecord, users: readonly RoqUser[]): void {
    const user = users.find(({ id }) => id === roqId);
    const expected = expectedOf(facts);
    if (!user && removed.has(reference)) return;
    if (!user) {
      if (roqId !== null) fail('newest', `${reference} is linked to a ROQ user that there is not`);
      const isLeftOut = facts.deleted?.value === true || facts.outOfScope?.value === true;
      const isExcused = queue === 'waiting' || queue === 'parked' || isLeftOut;
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
