// What a backfill counts, planned or done.

import type { Outcome } from '../sync/outcome.ts';
import type { Tally } from './tally.ts';

export type BackfillReport = {
  /** Users newly told to be deleted for good, whether or not ROQ has them: no later event brings them back. */
  readonly tombstones: number;
  /** Users newly told to be disabled, whether or not ROQ has them. */
  readonly disabled: number;
  readonly deactivated: number;
  /** Deactivations over the ceiling. */
  readonly held: number;
  /** Lines read. */
  readonly lines: number;
  readonly invalid: number;
  /** Users of whom nothing new was told, and who are in step; others are counted as what they are. */
  readonly unchanged: number;
  readonly created: number;
  /** ROQ users found by their reference, and recorded. */
  readonly adopted: number;
  readonly updated: number;
  /** Users of whom something newer is known than what the file says. */
  readonly older: number;
  /** Without an e-mail address, which ROQ demands. */
  readonly waiting: number;
  readonly parked: number;
  /** Recorded; ROQ follows with the schedule. */
  readonly pending: number;
  /** How often each ROQ field changes. */
  readonly fields: Readonly<Record<string, number>>;
  /** How often each member could not be read, and so was not told. */
  readonly untold: Readonly<Record<string, number>>;
  /** How many deactivations the ceiling let through when the job began; null before it has. */
  readonly ceiling: { readonly room: number } | null;
  /** The first invalid lines; of those without a time, only one, for all have the same remedy. */
  readonly examples: readonly {
    readonly line: number;
    readonly reason: string;
    readonly where: string | null;
  }[];
};

export const emptyReport: BackfillReport = {
  tombstones: 0,
  disabled: 0,
  deactivated: 0,
  held: 0,
  lines: 0,
  invalid: 0,
  unchanged: 0,
  created: 0,
  adopted: 0,
  updated: 0,
  older: 0,
  waiting: 0,
  parked: 0,
  pending: 0,
  fields: {},
  untold: {},
  ceiling: null,
  examples: [],
};

export type Counts = Tally<BackfillReport>;

/** A line that is skipped, and why. */
export type InvalidLine = BackfillReport['examples'][number] & { readonly is: 'invalid' };

const maxExamples = 100;

export function addUpdate(tally: Counts, names: readonly string[], deactivates: boolean): void {
  tally.add('updated', 1);
  if (deactivates) tally.add('deactivated', 1);
  for (const name of names) tally.field(name);
}

export function addInvalid(tally: Counts, { line, reason, where }: InvalidLine): void {
  tally.add('invalid', 1);
  const { examples } = tally.report();
  const isShown = reason === 'no_time' && examples.some((example) => example.reason === reason);
  if (!isShown && examples.length < maxExamples)
    tally.set({ examples: [...examples, { line, reason, where }] });
}

export function addUntold(tally: Counts, names: readonly string[]): void {
  const { untold } = tally.report();
  if (names.length === 0) return;
  const counts = names.map((name) => [name, (untold[name] ?? 0) + 1] as const);
  tally.set({ untold: { ...untold, ...Object.fromEntries(counts) } });
}

export function addOutcome(
  tally: Counts,
  { is, did, fields, deactivated }: Outcome,
  isShutOut: boolean,
): void {
  if (did === 'create') tally.add('created', 1);
  if (did === 'adopt') tally.add('adopted', 1);
  if (fields.length > 0) addUpdate(tally, fields, deactivated);
  if (is === 'done' && did === null && !isShutOut) tally.add('unchanged', 1);
  if (is === 'waiting' || is === 'parked' || is === 'held') tally.add(is, 1);
  if (is === 'retry' || is === 'lost') tally.add('pending', 1);
}
