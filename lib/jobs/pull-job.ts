// What a pull is: how far it is through the list of a provider, and what it found that no webhook told.

import type { Directory, DirectoryTraits } from '../directory.ts';
import type { Documents } from '../dynamodb/documents.ts';
import type { Queries } from '../dynamodb/queries.ts';
import type { Store } from '../dynamodb/store.ts';
import type { CeilingPorts } from '../sync/ceiling.ts';
import type { ConvergePorts } from '../sync/converge.ts';
import type { Tally } from './tally.ts';

/** A provider's directory, with what the operator says of it. */
export type ConnectedDirectory = Directory & {
  readonly traits: DirectoryTraits;
  /** What becomes of users who are gone: only told, or made inactive too. */
  readonly deletions: 'report' | 'apply';
  /** Whether users that another source reported first are left alone. */
  readonly isExclusive: boolean;
};

export type PullPorts = ConvergePorts & {
  readonly store: ConvergePorts['store'] & Pick<Store, 'fold'>;
  readonly queries: Pick<Queries, 'page' | 'getMany'>;
  readonly documents: Pick<Documents, 'get' | 'put' | 'remove' | 'list' | 'spentInHours'>;
  readonly limits: CeilingPorts['limits'];
  readonly prefixOf: (provider: string) => string;
  /** Lets so many milliseconds pass. */
  readonly wait: (ms: number) => Promise<unknown>;
};

export type PullJob = {
  readonly is: 'pull';
  readonly provider: string;
  /** Off: it only says what it would do. */
  readonly apply: boolean;
  /** Begun by the schedule: then it stops as a plan where it would change too much. */
  readonly isScheduled: boolean;
  /** When the list was begun, by our clock, in milliseconds. */
  readonly listedFrom: number;
  readonly cursor: PullCursor | null;
  /** Some who were listed: whoever can't be asked for them can't be asked for anybody. */
  readonly canaries: readonly string[];
  readonly report: PullReport;
};

export type PullCursor =
  /** In the list, at the provider's own cursor; `first`: the first user of the first page and of the one before. */
  | {
      readonly in: 'list';
      readonly at: string | null;
      readonly page: number;
      readonly first: readonly [string | null, string | null];
    }
  /** In the table, after this record: who was not in the list? */
  | { readonly in: 'records'; readonly after: string | null }
  /** At the provider, after this suspect: is the user there? */
  | { readonly in: 'suspects'; readonly after: string | null }
  /** In the table: what was found out of the suspects. */
  | { readonly in: 'gone' };

/** What webhooks can miss of a user. */
export type MissedKind =
  | 'signedUp'
  | 'verified'
  | 'unverified'
  | 'disabled'
  | 'enabled'
  | 'changed'
  | 'shownAgain';

export type PullReport = {
  /** Rows of the list that are users. */
  readonly listed: number;
  /** Rows that could not be read. */
  readonly unreadable: number;
  readonly inStep: number;
  /** Users of whom something was found that no webhook told. */
  readonly missed: number;
  /** Listed, and never signed up here. */
  readonly signedUp: number;
  readonly verified: number;
  readonly unverified: number;
  readonly disabled: number;
  readonly enabled: number;
  /** A value of their profile. */
  readonly changed: number;
  /** Found to be gone before. */
  readonly shownAgain: number;
  /** Listed, although an event said that they were deleted, which nothing takes back. */
  readonly tombstoned: number;
  /** Reported first by another source. */
  readonly foreign: number;
  /** Not mirrored, as the operator's scope has it. */
  readonly outOfScope: number;
  /** Of whom the record holds something newer than the provider's answer. */
  readonly newer: number;
  /** Of those missed: done at ROQ, held by the ceiling, parked, waiting for an address, left to the schedule. */
  readonly done: number;
  readonly held: number;
  readonly parked: number;
  readonly waiting: number;
  readonly pending: number;
  /** Recorded users of this provider who are active, and were so before the list was begun. */
  readonly expected: number;
  /** Of these, not in the list. */
  readonly absent: number;
  /** Of the absent: there all the same, when asked for singly. */
  readonly unlisted: number;
  /** Of the absent: no answer to conclude from. */
  readonly unanswered: number;
  /** Of the absent: the provider says that it has no such user, for the first time. */
  readonly missingOnce: number;
  /** So it said twice, far enough apart: the user is gone. */
  readonly gone: number;
  /** Of the gone: made inactive. */
  readonly deactivated: number;
  /** How often each ROQ field had been missed. */
  readonly fields: Readonly<Record<string, number>>;
  /** Some references of each kind. */
  readonly examples: Readonly<Partial<Record<ExampleKind, readonly string[]>>>;
  /** Why it went no further than it did, or only planned; null: nothing stood in its way. */
  readonly stopped: PullStop | null;
};

type ExampleKind = MissedKind | 'missingOnce' | 'gone';

/**
 * - `too_many_changes`: it would change one field of more users than the ceiling; it planned from there on.
 * - `too_many_absent`: so many are not in the list that the list is not to be believed.
 * - `too_many_gone`: more are gone than the ceiling allows: none was made inactive.
 * - `blind`: nobody who was listed could be asked for.
 */
export type PullStop = 'too_many_changes' | 'too_many_absent' | 'too_many_gone' | 'blind';

const emptyReport: PullReport = {
  listed: 0,
  unreadable: 0,
  inStep: 0,
  missed: 0,
  signedUp: 0,
  verified: 0,
  unverified: 0,
  disabled: 0,
  enabled: 0,
  changed: 0,
  shownAgain: 0,
  tombstoned: 0,
  foreign: 0,
  outOfScope: 0,
  newer: 0,
  done: 0,
  held: 0,
  parked: 0,
  waiting: 0,
  pending: 0,
  expected: 0,
  absent: 0,
  unlisted: 0,
  unanswered: 0,
  missingOnce: 0,
  gone: 0,
  deactivated: 0,
  fields: {},
  examples: {},
  stopped: null,
};

type PullOptions = {
  readonly provider: string;
  readonly apply: boolean;
  readonly isScheduled: boolean;
  readonly nowMs: number;
};

export function newPull({ provider, apply, isScheduled, nowMs }: PullOptions): PullJob {
  return {
    is: 'pull',
    provider,
    apply,
    isScheduled,
    listedFrom: nowMs,
    cursor: { in: 'list', at: null, page: 0, first: [null, null] },
    canaries: [],
    report: emptyReport,
  };
}

export type PullTally = Tally<PullReport>;

const maxExamples = 10;

/** Counts a user of a kind, and keeps the reference as an example where there are few yet. */
export function addFound(tally: PullTally, kind: ExampleKind, reference: string): void {
  tally.add(kind, 1);
  const { examples } = tally.report();
  const known = examples[kind] ?? [];
  if (known.length < maxExamples) tally.set({ examples: { ...examples, [kind]: [...known, reference] } });
}
