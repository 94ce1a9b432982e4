// Erases what is held of a person, in the table and at ROQ, so that no later event can bring it back.

import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import type { Leased } from '../dynamodb/fold.ts';
import type { UserRecord } from '../dynamodb/record.ts';
import type { ErrorCode } from '../errors.ts';
import { toRoqFields, toUpdate } from '../roq/client.ts';
import { RoqError } from '../roq/faults.ts';
import type { RoqUser } from '../roq/types.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { converge } from '../sync/converge.ts';
import type { Outcome } from '../sync/outcome.ts';
import { desired } from '../user.ts';
import { lookUp } from './status.ts';
import { filledFields, isErased, toldIn, toPlaceholder, toTombstone } from './tombstone.ts';

export type Receipt = {
  readonly reference: string;
  /** Our clock, in milliseconds. */
  readonly at: number;
  /**
   * Read back from both sides, not assumed:
   * - `erased`: neither holds anything of the user any more.
   * - `pending`: the record does not; ROQ follows. Erase again for the last word.
   * - `refused`: ROQ takes the change for good as none of its own; a person must look.
   */
  readonly state: 'erased' | 'pending' | 'refused';
  /** The fields that held something before. */
  readonly overwritten: readonly string[];
  /** Facts in the record that still say something of the user. */
  readonly recordHolds: readonly string[];
  /** The ROQ users of the reference, and what each still holds; null when ROQ did not answer. */
  readonly roqUsers: readonly { readonly id: string; readonly holds: readonly string[] }[] | null;
  readonly code: ErrorCode | null;
};

/**
 * Erases the user of a reference, whether or not it is known here: a tombstone keeps a late event from making it.
 * Further ROQ users of the same reference are erased too. @throws UnavailableError
 */
export async function erase(app: App, reference: string, budget: RunBudget): Promise<Receipt> {
  const before = await app.store.get(reference);
  const usersBefore = answeredUsers(await lookUp(app.roq, reference, budget.deadline));
  const leased = await bury(app, reference, before, usersBefore, budget);
  const outcome = leased ? await follow(app, leased, budget) : null;
  const code = await eraseDuplicates(app, reference, budget);
  const holding = [
    ...toldIn(before?.facts ?? {}),
    ...(usersBefore ?? []).flatMap((user) => filledFields(toRoqFields(user))),
  ];
  const left = await readBack(app, reference, budget);
  return {
    reference,
    at: app.now(),
    ...left,
    state: stateOf(left, outcome),
    overwritten: [...new Set(holding)],
    code: outcome?.code ?? code,
  };
}

function answeredUsers(users: readonly RoqUser[] | RoqError): readonly RoqUser[] | null {
  return users instanceof RoqError ? null : users;
}

/** Null when somebody else is at work on the user, who then goes round again with the tombstone. */
async function bury(
  { store }: App,
  reference: string,
  before: UserRecord | null,
  users: readonly RoqUser[] | null,
  { leaseMs }: RunBudget,
): Promise<Leased | null> {
  const owner = randomUUID();
  // A second time, the placeholder stays what it is.
  if (before && isErased(before.facts)) return store.take(reference, owner, leaseMs);
  const id = before?.roqId ?? users?.[0]?.id ?? randomUUID();
  return (await store.fold(reference, toTombstone(id), owner, leaseMs)).leased;
}

// An operator asked for it, so the ceiling does not; and what was observed is data of the user as well.
async function follow(app: App, leased: Leased, { deadline }: RunBudget): Promise<Outcome | null> {
  const [outcome] = await converge(app, [{ ...leased, observed: null, cleared: true }], deadline);
  return outcome ?? null;
}

/** Null when it went well. */
async function eraseDuplicates(
  { store, roq }: App,
  reference: string,
  { deadline }: RunBudget,
): Promise<ErrorCode | null> {
  const record = await store.get(reference);
  const users = await lookUp(roq, reference, deadline);
  if (users instanceof RoqError) return users.code;
  try {
    for (const user of users) {
      if (user.id === record?.roqId || filledFields(toRoqFields(user)).length === 0) continue;
      const state = { ...desired(toTombstone(user.id)), email: toPlaceholder(user.id) };
      await roq.updateUser(user.id, toUpdate(state), { deadline });
    }
    return null;
  } catch (error) {
    if (error instanceof RoqError) return error.code;
    throw error;
  }
}

type ReadBack = Pick<Receipt, 'recordHolds' | 'roqUsers'>;

async function readBack({ store, roq }: App, reference: string, { deadline }: RunBudget): Promise<ReadBack> {
  const record = await store.get(reference);
  const users = answeredUsers(await lookUp(roq, reference, deadline));
  const observed = record?.observed ? filledFields(record.observed) : [];
  return {
    recordHolds: [...new Set([...toldIn(record?.facts ?? {}), ...observed])],
    roqUsers: users?.map((user) => ({ id: user.id, holds: filledFields(toRoqFields(user)) })) ?? null,
  };
}

function stateOf({ recordHolds, roqUsers }: ReadBack, outcome: Outcome | null): Receipt['state'] {
  const isClean = recordHolds.length === 0 && roqUsers?.every(({ holds }) => holds.length === 0);
  if (isClean) return 'erased';
  return outcome?.is === 'parked' ? 'refused' : 'pending';
}
