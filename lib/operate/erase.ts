// Erases a person's data in both tables and at ROQ, so that no later event can bring it back.

import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import type { Leased } from '../dynamodb/fold.ts';
import type { UserRecord } from '../dynamodb/record.ts';
import type { ErrorCode } from '../errors.ts';
import { forgetInJobs } from '../jobs/forget.ts';
import { RoqError } from '../roq/faults.ts';
import { toRoqFields, toUpdate } from '../roq/fields.ts';
import type { RoqUser } from '../roq/types.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { converge } from '../sync/converge.ts';
import type { Outcome } from '../sync/outcome.ts';
import { desired } from '../user.ts';
import { lookUp } from './status.ts';
import { filledFacts, filledFields, isErased, toPlaceholder, toTombstone } from './tombstone.ts';
import { withCommand } from './user-command.ts';

export type Receipt = {
  readonly reference: string;
  /** Our clock, in milliseconds. */
  readonly at: number;
  /**
   * Proved by reading the record and ROQ again:
   * - `erased`: neither has any data of the user, and nothing else names them.
   * - `pending`: the record has none, and ROQ or a job's report follows; erase again to prove it.
   * - `refused`: ROQ refuses the change for good; a person must look.
   */
  readonly state: 'erased' | 'pending' | 'refused';
  /** The fields that had a value before. */
  readonly overwritten: readonly string[];
  /** The facts in the record that still have a value, or a digest of one. */
  readonly recordHolds: readonly string[];
  /** The ROQ users of the reference, and the fields of each that still have a value; null when ROQ did not answer. */
  readonly roqUsers: readonly { readonly id: string; readonly holds: readonly string[] }[] | null;
  /** What named the user beside the record, and does so no longer: entries of lists, and reports of jobs. */
  readonly forgotten: { readonly listed: number; readonly jobs: number };
  /** Reports that still do: the job moved on every time. */
  readonly jobsLeft: number;
  readonly code: ErrorCode | null;
};

/**
 * Erases the user of a reference, and every further ROQ user of it. An unknown reference gets a tombstone too, so that
 * a late event can't create the user. @throws UnavailableError
 */
export async function erase(app: App, reference: string, budget: RunBudget): Promise<Receipt> {
  const before = await app.store.get(reference);
  const usersBefore = answeredUsers(await lookUp(app.roq, reference, budget.deadline));
  const leased = await foldTombstone(app, reference, before, usersBefore, budget);
  const outcome = leased ? await overwriteAtRoq(app, leased, budget) : null;
  const code = await eraseDuplicates(app, reference, budget);
  // ROQ's users have been looked up for the last time that notes duplicates.
  const listed = await forgetInLists(app, reference);
  const { jobs, left: jobsLeft } = await forgetInJobs(app, reference);
  const overwritten = [
    ...filledFacts(before?.facts ?? {}),
    ...(usersBefore ?? []).flatMap((user) => filledFields(toRoqFields(user))),
  ];
  const remains = await findRemains(app, reference, budget);
  return {
    reference,
    at: app.now(),
    ...remains,
    state: stateOf(remains, jobsLeft, outcome),
    overwritten: [...new Set(overwritten)],
    forgotten: { listed, jobs },
    jobsLeft,
    code: outcome?.code ?? code,
  };
}

function answeredUsers(users: readonly RoqUser[] | RoqError): readonly RoqUser[] | null {
  return users instanceof RoqError ? null : users;
}

/** Null while another process has the lease; it then converges once more, with the tombstone. */
async function foldTombstone(
  { store }: App,
  reference: string,
  before: UserRecord | null,
  users: readonly RoqUser[] | null,
  { leaseMs }: RunBudget,
): Promise<Leased | null> {
  const owner = randomUUID();
  // Erasing again keeps the placeholder of the first time.
  if (before && isErased(before.facts)) return store.take(reference, owner, leaseMs);
  const id = before?.roqId ?? users?.[0]?.id ?? randomUUID();
  return (await store.fold(reference, toTombstone(id), owner, leaseMs)).leased;
}

// An operator's decision is not subject to the ceiling; and `observed` is data of the user too, as are digests of values.
async function overwriteAtRoq(app: App, leased: Leased, { deadline }: RunBudget): Promise<Outcome | null> {
  const [outcome] = await converge(
    app,
    [
      {
        ...withCommand({ ...leased, steps: [] }, 'erase', app.now()),
        observed: null,
        contested: {},
        cleared: true,
      },
    ],
    deadline,
  );
  return outcome ?? null;
}

/** Null when all are erased. */
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

/** How many entries of lists named the user. */
async function forgetInLists({ documents }: App, reference: string): Promise<number> {
  let listed = 0;
  for (const kind of ['duplicate', 'stranger', 'foreign', 'suspect', 'ask'] as const) {
    for await (const { id, document } of documents.list<{ readonly reference: string }>(kind)) {
      if (document.reference !== reference) continue;
      await documents.remove(kind, id);
      listed += 1;
    }
  }
  return listed;
}

type Remains = Pick<Receipt, 'recordHolds' | 'roqUsers'>;

/** Reads both sides again. */
async function findRemains(
  { store, roq }: App,
  reference: string,
  { deadline }: RunBudget,
): Promise<Remains> {
  const record = await store.get(reference);
  const users = answeredUsers(await lookUp(roq, reference, deadline));
  const observed = record?.observed ? filledFields(record.observed) : [];
  return {
    recordHolds: [
      ...new Set([...filledFacts(record?.facts ?? {}), ...observed, ...Object.keys(record?.contested ?? {})]),
    ],
    roqUsers: users?.map((user) => ({ id: user.id, holds: filledFields(toRoqFields(user)) })) ?? null,
  };
}

function stateOf(
  { recordHolds, roqUsers }: Remains,
  jobsLeft: number,
  outcome: Outcome | null,
): Receipt['state'] {
  const isClean = recordHolds.length === 0 && roqUsers?.every(({ holds }) => holds.length === 0);
  if (isClean && jobsLeft === 0) return 'erased';
  return outcome?.is === 'parked' ? 'refused' : 'pending';
}
