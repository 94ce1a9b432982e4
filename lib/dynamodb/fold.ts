// Folds what an event says into the user's record, in one conditional write where nothing stands against it.

import { setTimeout } from 'node:timers/promises';
import { UnavailableError } from '../errors.ts';
import { flagsOf, type Step, toStepText } from '../history.ts';
import {
  desired,
  diff,
  type Fact,
  type FactName,
  type Facts,
  fold as foldFacts,
  isSameFact,
  news,
} from '../user.ts';
import type { TableOptions } from './client.ts';
import {
  distrustIfAbandoned,
  isLeasedAt,
  isNewUser,
  isSynced,
  isToldBy,
  isUnleased,
  leaseIs,
  type Part,
  queueUp,
  queueUpForLeaseEnd,
  raiseSynced,
  raiseVersion,
  restartBackoff,
  setFacts,
  takeLease,
  toldBy,
  versionIs,
} from './expressions.ts';
import type { Attempt, Items } from './items.ts';
import { numberAttribute, type UserRecord, valueAttribute } from './record.ts';
import { appendStep } from './steps.ts';

/** A record whose lease we hold. */
export type Leased = UserRecord & { readonly lease: { readonly owner: string; readonly untilMs: number } };

export type Folded = {
  readonly record: UserRecord;
  /** False: nothing that was told is new, but for its time. */
  readonly changed: boolean;
  /** The record with the lease that this fold took; null when someone else holds it, or nothing is to be done. */
  readonly leased: Leased | null;
  /** Another provider reported this user first: nothing was recorded. */
  readonly isForeign: boolean;
};

/** Why facts are folded, for the history of the user. */
export type Why = Pick<Step, 'by' | 'what' | 'toldAt'> & Partial<Pick<Step, 'code'>>;

export type FoldOptions = {
  /** Left out: no step is written down. */
  readonly why?: Why;
  /** Who tells it; null for an operator, who claims nothing. */
  readonly source?: string | null;
  /** Whether a user that another source reported first is left alone. */
  readonly isExclusive?: boolean;
  /** Record only, and leave the converging to the schedule. */
  readonly withoutLease?: boolean;
};

// A fold that meets others waits its turn: with these waits about two seconds in all before a sender must come again.
const maxRounds = 24;
const maxWaitMs = 200;

/** The record with the lease where `owner` holds it. */
export function ours(record: UserRecord, owner: string): Leased | null {
  return record.lease?.owner === owner ? { ...record, lease: record.lease } : null;
}

export function createFold(
  { get, attempt }: Items,
  { now, random = Math.random, wait = setTimeout }: Pick<TableOptions, 'now' | 'random' | 'wait'>,
) {
  /**
   * Folds one event into the record and takes its lease.
   * @throws UnavailableError `store_unavailable`: nothing is known to be recorded.
   */
  return async function fold(
    reference: string,
    heard: Facts,
    owner: string,
    leaseMs: number,
    { why, source = null, isExclusive = false, withoutLease = false }: FoldOptions = {},
  ): Promise<Folded> {
    const told: Told = {
      reference,
      owner,
      leaseMs,
      withoutLease,
      by: [toldBy(source), isExclusive ? isToldBy(source) : {}],
      why,
    };
    let found = await foldUnread(told, heard);
    for (let round = 0; round < maxRounds; round++) {
      if (found.written)
        return toFolded(found.written, { changed: true, leased: ours(found.written, owner) });
      const known = found.known ?? (await get(reference));
      if (!known) {
        found = await foldUnread(told, heard);
        continue;
      }
      // The client repeats a write whose answer was lost: what stands against it may be the first of the two.
      if (known.lease?.owner === owner) return toFolded(known, { changed: true, leased: ours(known, owner) });
      if (isExclusive && isForeign(known, source)) return { ...toFolded(known, {}), isForeign: true };
      const fresh = news(known.facts, heard);
      if (Object.keys(fresh).length === 0) return toFolded(known, {});
      if (round > 1) await wait(random() * Math.min(maxWaitMs, 5 * 2 ** round));
      if (isOnlyLater(known, fresh)) {
        const { written } = await moveTimes(told, known, fresh);
        if (written) return toFolded(written, {});
        found = { written: null, known: null };
      } else {
        found = isLeased(known)
          ? await foldUnderLease(told, known, fresh)
          : await foldRead(told, known, fresh);
      }
    }
    throw new UnavailableError('store_unavailable', 'too many writers met on one record');
  };

  // The usual case: every fact is later, one of them is new, and nobody holds the lease, so that the record need not be read.
  function foldUnread(told: Told, heard: Facts): Promise<Attempt> {
    const names = Object.keys(heard);
    return attempt(told.reference, [
      setFacts(heard),
      noteStep(told, heard),
      raiseVersion,
      restartBackoff,
      names.length > 0 ? isLater(heard) : isNewUser,
      names.length > 0 ? isOtherwise(heard) : {},
      isUnleased,
      ...told.by,
      ...begin(told),
    ]);
  }

  // Somebody is converging the record: they go round again with what is new, or the schedule does when their lease is over.
  function foldUnderLease(told: Told, known: UserRecord, fresh: Facts): Promise<Attempt> {
    const { reference, by } = told;
    return attempt(reference, [
      setFacts(fresh),
      noteStep(told, fresh),
      raiseVersion,
      restartBackoff,
      isLater(fresh, known.facts),
      isLeasedAt(now()),
      ...by,
      queueUpForLeaseEnd(reference, now()),
    ]);
  }

  // Some facts are old, or a lease ran out: what is new is folded into the record as it was read.
  function foldRead(told: Told, known: UserRecord, fresh: Facts): Promise<Attempt> {
    return attempt(told.reference, [
      setFacts(fresh),
      noteStep(told, fresh),
      raiseVersion,
      restartBackoff,
      versionIs(known.version),
      leaseIs(known),
      ...told.by,
      ...begin(told),
      distrustIfAbandoned(known),
    ]);
  }

  // What was said before is said again, later: an older event that says otherwise must lose against it, and ROQ has it.
  function moveTimes({ reference, by }: Told, known: UserRecord, fresh: Facts): Promise<Attempt> {
    return attempt(reference, [
      setFacts(fresh),
      raiseVersion,
      raiseSynced,
      versionIs(known.version),
      isSynced,
      isUnleased,
      ...by,
    ]);
  }

  function begin({ reference, owner, leaseMs, withoutLease }: Told): readonly Part[] {
    if (withoutLease) return [queueUp(reference, 'pending', now(), now())];
    return [takeLease(owner, now() + leaseMs), queueUp(reference, 'pending', now() + leaseMs, now())];
  }

  function noteStep({ why }: Told, facts: Facts): Part {
    if (!why) return {};
    const fields = Object.keys(facts) as FactName[];
    const flags = flagsOf(Object.fromEntries(fields.map((name) => [name, facts[name]?.value])));
    return appendStep(toStepText({ code: null, ...why, at: now(), fields, flags }));
  }

  function isLeased({ lease }: UserRecord): boolean {
    return lease !== null && lease.untilMs > now();
  }
}

/** What is folded into which record, in whose name. */
type Told = {
  readonly reference: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly withoutLease: boolean;
  readonly by: readonly Part[];
  readonly why: Why | undefined;
};

function toFolded(record: UserRecord, folded: Partial<Folded>): Folded {
  return { record, changed: false, leased: null, isForeign: false, ...folded };
}

function isForeign({ sources }: UserRecord, source: string | null): boolean {
  return source !== null && sources.length > 0 && !sources.includes(source);
}

function isOnlyLater({ facts, version, syncedVersion, lease }: UserRecord, fresh: Facts): boolean {
  const names = Object.keys(fresh) as FactName[];
  return (
    version === syncedVersion &&
    lease === null &&
    names.every((name) => {
      const fact = fresh[name];
      return fact !== undefined && isSameFact(fact, facts[name]);
    }) &&
    // A verification that names no address counts by when it was told, and when the address was.
    Object.keys(diff(desired(foldFacts(facts, fresh)), desired(facts))).length === 0
  );
}

function entriesOf(facts: Facts): readonly (readonly [FactName, Fact])[] {
  return Object.entries(facts) as (readonly [FactName, Fact])[];
}

/** No fact in the record is as new as these, but for those of the same moment that are `known` and lose against them. */
function isLater(heard: Facts, known: Facts = {}): Part {
  const facts = entriesOf(heard);
  const ties = facts.flatMap(([name, { at }]) => {
    const fact = known[name];
    return fact?.at === at ? [[name, fact] as const] : [];
  });
  const isTie = (name: FactName) => ties.some(([tied]) => tied === name);
  // Of two verifications of one moment the addresses tell which is meant.
  const of = ties.find(([name]) => name === 'emailVerified')?.[1].of;
  const sameOf = (name: FactName) => {
    if (name !== 'emailVerified') return '';
    return of === undefined
      ? ' AND attribute_not_exists(#emailVerified.#of)'
      : ' AND #emailVerified.#of = :ofTie';
  };
  const conditions = facts.map(([name]) =>
    isTie(name)
      ? `(#${name}.#at < :${name}At OR (#${name}.#at = :${name}At AND #${name}.#value = :${name}Tie${sameOf(name)}))`
      : `(attribute_not_exists(#${name}) OR #${name}.#at < :${name}At)`,
  );
  return {
    condition: conditions.join(' AND '),
    names: {
      '#at': 'at',
      ...(ties.length > 0 && { '#value': 'value' }),
      ...(isTie('emailVerified') && { '#of': 'of' }),
    },
    values: {
      ...Object.fromEntries(facts.map(([name, { at }]) => [`:${name}At`, numberAttribute(at)])),
      ...Object.fromEntries(ties.map(([name, { value }]) => [`:${name}Tie`, valueAttribute(value)])),
      ...(of !== undefined && { ':ofTie': valueAttribute(of) }),
    },
  };
}

/** At least one of these facts says something else than what is held. */
function isOtherwise(heard: Facts): Part {
  const facts = entriesOf(heard);
  const of = heard.emailVerified?.of;
  const isSame = facts.map(([name]) => `#${name}.#value = :${name}Value`);
  return {
    condition: `NOT (${[...isSame, ...(of === undefined ? [] : ['#emailVerified.#of = :of'])].join(' AND ')})`,
    names: { '#value': 'value', ...(of !== undefined && { '#of': 'of' }) },
    values: {
      ...Object.fromEntries(facts.map(([name, { value }]) => [`:${name}Value`, valueAttribute(value)])),
      ...(of !== undefined && { ':of': valueAttribute(of) }),
    },
  };
}
