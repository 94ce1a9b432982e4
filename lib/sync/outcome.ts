// How a record's turn ends: what is written of it, when it is due again, and what its log line says.

import type { Found } from '../dynamodb/expressions.ts';
import type { Leased } from '../dynamodb/fold.ts';
import type { Store, Written } from '../dynamodb/store.ts';
import type { ConvergeCode, ErrorCode } from '../errors.ts';
import { addStep, type Flags, flagsOf, type Step } from '../history.ts';
import type { Effect } from '../roq/faults.ts';
import type { Plan, RoqFields } from '../user.ts';

export type OutcomePorts = {
  readonly store: Pick<Store, 'mark' | 'postpone' | 'park' | 'hold'>;
  /** Records further ROQ users with one reference, beside the one that is kept in step. */
  readonly noteDuplicates: (reference: string, roqIds: readonly string[]) => Promise<void>;
  /** Our clock, in milliseconds. */
  readonly now: () => number;
  /** Chance, in [0, 1). */
  readonly random: () => number;
};

/**
 * - `done`: ROQ matches the record.
 * - `waiting`: it can't be created before an e-mail address is known.
 * - `retry`: pending, due again later.
 * - `parked`: ROQ refuses for good.
 * - `held`: all but its deactivation is done, which is over the ceiling.
 * - `lost`: our lease was taken over; the new holder converges.
 */
export type Outcome = {
  readonly reference: string;
  readonly is: 'done' | 'waiting' | 'retry' | 'parked' | 'held' | 'lost';
  readonly code: ErrorCode | null;
  /** What was changed at ROQ; null where nothing was, or nobody knows. */
  readonly did: 'create' | 'adopt' | 'update' | null;
  /** The ROQ fields of an update. */
  readonly fields: readonly (keyof RoqFields)[];
  readonly deactivated: boolean;
};

/** The longest wait between two attempts, unless ROQ asks for a longer one. */
export const maxBackoffMs = 60 * 60_000;

/** How long a change that was sent without an answer may still take to land; nobody touches the user before. */
export const landingMs = 60_000;

const firstBackoffMs = 5_000;

/** A wait that ROQ asks for is honoured up to this, lest a wrong header puts a user off for good. */
const maxRetryAfterMs = 24 * 60 * 60_000;

/** One record on its way: what is known of its ROQ user, and what is to be done. */
export type Task = {
  readonly record: Leased;
  readonly roqId: string | null;
  readonly observed: RoqFields | null;
  readonly plan: Plan;
  readonly duplicates: readonly string[];
  /** Its deactivation found no room under the ceiling, and is no part of the plan any more. */
  readonly isHeld: boolean;
};

/** Why a task failed, and what it may have done to ROQ. */
export type Failure = {
  readonly code: ConvergeCode;
  readonly effect: Effect;
  readonly retryAfterMs: number | null;
  /** The fields that ROQ refused, as far as it named them. */
  readonly fields: readonly (keyof RoqFields)[];
};

/** A task at its end: done, or failed; `observed` null = what ROQ holds is not known for sure. */
export type Result = Found & { readonly task: Task; readonly failure: Failure | null };

/** Writes how it ended; `again`: new facts came in, and the lease is still ours. @throws UnavailableError */
export async function recordOutcome(
  ports: OutcomePorts,
  result: Result,
): Promise<{ outcome: Outcome | null; again: Leased | null }> {
  const { record, duplicates } = result.task;
  if (duplicates.length > 0) await ports.noteDuplicates(record.reference, duplicates);
  const is = endOf(result);
  const made = changeMade(result);
  const noted = (current: Leased) => withSteps(current, result, made, is, ports.now());
  const written = await write(ports, result, noted(record), is);
  if (written.is === 'moved') {
    const { roqId, observed } = result;
    const { cleared, contested } = record;
    return { outcome: null, again: { ...noted(written.record), roqId, observed, cleared, contested } };
  }
  const outcome = {
    reference: record.reference,
    is: written.is === 'lost' ? written.is : is,
    code: result.failure?.code ?? null,
    ...made,
  };
  return { outcome, again: null };
}

/** How the turn ends, if its lease is still ours. */
function endOf({ task, failure }: Result): Exclude<Outcome['is'], 'lost'> {
  if (failure) return isFinal(failure.code) ? 'parked' : 'retry';
  if (task.isHeld) return 'held';
  return task.plan.do === 'wait' ? 'waiting' : 'done';
}

/** The record with what was done at ROQ as a step, and how it ended where it did not end well. */
function withSteps(
  record: Leased,
  { task, failure }: Result,
  made: Made,
  is: Outcome['is'],
  at: number,
): Leased {
  const add = (steps: readonly string[], step: Pick<Step, 'what' | 'fields' | 'code'>) =>
    addStep(steps, { ...step, at, by: 'roq', toldAt: null, flags: flagsIn(task.plan, step.fields) });
  const { did, fields } = made;
  const done = did === null ? record.steps : add(record.steps, { what: did, fields, code: null });
  const isOldNews = is === 'done' || (is === 'waiting' && task.record.queue === 'waiting');
  const code = failure?.code ?? null;
  return {
    ...record,
    steps: isOldNews ? done : add(done, { what: is, fields: failure?.fields ?? [], code }),
  };
}

function flagsIn(plan: Plan, fields: Step['fields']): Flags {
  const changes: Readonly<Record<string, unknown>> = plan.do === 'update' ? plan.changes : {};
  return flagsOf(Object.fromEntries(fields.map((name) => [name, changes[name]])));
}

type Made = Pick<Outcome, 'did' | 'fields' | 'deactivated'>;

function changeMade({ task, roqId, failure }: Result): Made {
  const { plan, record } = task;
  if (failure) return { did: null, fields: [], deactivated: false };
  if (plan.do === 'create') return { did: 'create', fields: [], deactivated: false };
  const fields = plan.do === 'update' ? (Object.keys(plan.changes) as (keyof RoqFields)[]) : [];
  const deactivated = isDeactivation(plan);
  if (record.roqId === null && roqId !== null) return { did: 'adopt', fields, deactivated };
  return { did: plan.do === 'update' ? 'update' : null, fields, deactivated };
}

async function write(
  { store, now, random }: OutcomePorts,
  { roqId, observed, failure }: Result,
  record: Leased,
  is: Outcome['is'],
): Promise<Written> {
  const found = { roqId, observed };
  if (is === 'held') return store.hold(record, found);
  if (!failure) return store.mark(record, found, is === 'waiting' ? 'waiting' : null);
  if (is === 'parked') return store.park(record, found, failure.code);
  const waitMs = backoffMs(record.attempts, failure.retryAfterMs, random);
  if (failure.effect !== 'late') return store.postpone(record, found, failure.code, now() + waitMs);
  const landedAt = now() + landingMs;
  return store.postpone(record, found, failure.code, Math.max(landedAt, now() + waitMs), landedAt);
}

/** Whether trying again is no use: a person has to look, or new facts have to come in. */
function isFinal(code: ConvergeCode): boolean {
  return code === 'roq_refused' || code === 'roq_user_missing' || code === 'record_invalid';
}

/** Exponential with full jitter, never before ROQ said; in milliseconds. */
export function backoffMs(attempts: number, retryAfterMs: number | null, random: () => number): number {
  const ceilingMs = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(attempts, 20));
  const askedMs = Math.min(retryAfterMs ?? 0, maxRetryAfterMs);
  return Math.ceil(Math.max(askedMs, random() * ceilingMs));
}

/** Whether a user who is active is to be so no longer. */
export function isDeactivation(plan: Plan): boolean {
  return plan.do === 'update' && plan.changes.active === false;
}
