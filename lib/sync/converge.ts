// The one function that makes ROQ match the record: in what order to look and act.

import type { Leased } from '../dynamodb/store.ts';
import { type Change, type Roq, toRoqFields, toUpdate } from '../roq/client.ts';
import { RoqError } from '../roq/faults.ts';
import type { RoqUser } from '../roq/types.ts';
import { plan, type RoqFields } from '../user.ts';
import { batchSize } from './batches.ts';
import type { Admit } from './ceiling.ts';
import {
  isDeactivation,
  isFinal,
  type Outcome,
  type OutcomePorts,
  type Result,
  recordOutcome,
  type Task,
} from './outcome.ts';

export type ConvergePorts = OutcomePorts & {
  readonly roq: Pick<Roq, 'allUsers' | 'change'>;
  /** The ceiling on deactivations. */
  readonly admit: Admit;
};

/**
 * Makes ROQ match each record, in batches of one request, and gives every lease back.
 * A look-up comes before every create, and a mark holds only for the version it was made for: new facts that come
 * in meanwhile send the record round again. No call to ROQ is begun after `deadline` (milliseconds of our clock).
 * @throws UnavailableError when DynamoDB does not take the outcome; the leases then run out by themselves.
 */
export async function converge(
  ports: ConvergePorts,
  leased: readonly Leased[],
  deadline: number,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  const queue = [...leased];
  while (queue.length > 0) {
    const results = await convergeOnce(ports, queue.splice(0, batchSize), deadline);
    const recorded = await Promise.all(results.map((result) => recordOutcome(ports, result)));
    for (const { outcome, again } of recorded) {
      if (outcome) outcomes.push(outcome);
      if (again) queue.push(again);
    }
  }
  return outcomes;
}

async function convergeOnce(
  ports: ConvergePorts,
  records: readonly Leased[],
  deadline: number,
): Promise<Result[]> {
  const known = records.filter(isKnown);
  const unknown = records.filter((record) => !isKnown(record));
  const knownTasks = known.map((record) => toTask(record, record.roqId, record.observed, []));
  try {
    const foundTasks = await lookUp(ports, unknown, deadline);
    return await act(ports, [...knownTasks, ...foundTasks], deadline);
  } catch (error) {
    const failure = asRoqError(error);
    const failed = unknown.map((record) => toTask(record, record.roqId, null, []));
    return [...(await act(ports, knownTasks, deadline)), ...failed.map((task) => fail(task, failure))];
  }
}

function isKnown({ roqId, observed }: Leased): boolean {
  return roqId !== null && observed !== null;
}

// Deactivated users count: a look-up that missed one would create its user a second time.
async function lookUp(ports: ConvergePorts, records: readonly Leased[], deadline: number): Promise<Task[]> {
  if (records.length === 0) return [];
  const valueIn = records.map(({ reference }) => reference);
  const filter = { reference: { valueIn }, withDeactivated: { equalTo: true } };
  const usersOf = new Map<string, RoqUser[]>(valueIn.map((reference) => [reference, []]));
  for await (const user of ports.roq.allUsers({ filter }, { deadline }))
    usersOf.get(user.reference)?.push(user);
  return records.map((record) => adopt(record, usersOf.get(record.reference) ?? []));
}

// Only the very same reference links a record to a ROQ user, never an e-mail address; of several the oldest.
function adopt(record: Leased, users: readonly RoqUser[]): Task {
  const user = users.find(({ id }) => id === record.roqId) ?? (record.roqId === null ? users[0] : undefined);
  const duplicates = users.filter((other) => other !== user).map(({ id }) => id);
  return toTask(record, user?.id ?? record.roqId, user ? toRoqFields(user) : null, duplicates);
}

function toTask(
  record: Leased,
  roqId: string | null,
  observed: RoqFields | null,
  duplicates: readonly string[],
): Task {
  return { record, roqId, observed, plan: plan(record.facts, observed), duplicates, isHeld: false };
}

async function act(ports: ConvergePorts, tasks: readonly Task[], deadline: number): Promise<Result[]> {
  const missing = tasks.filter(isMissing);
  const present = await passCeiling(
    ports,
    tasks.filter((task) => !isMissing(task)),
  );
  const idle = present.filter((task) => toChange(task) === null);
  const busy = present.filter((task) => toChange(task) !== null);
  return [
    ...missing.map((task) => fail(task, new RoqError('roq_user_missing', 'none'))),
    ...idle.map((task) => succeed(task, task.roqId)),
    ...(await change(ports, busy, deadline)),
  ];
}

// A user that we made can't have been deleted: a look-up without it is a reason to ask a person, not to make another.
function isMissing({ roqId, observed }: Task): boolean {
  return roqId !== null && observed === null;
}

// What finds no room does all but its deactivation; what does is never counted again, however often it fails.
async function passCeiling({ admit }: ConvergePorts, tasks: readonly Task[]): Promise<Task[]> {
  const uncounted = tasks.filter(({ plan, record }) => isDeactivation(plan) && !record.cleared);
  let room = uncounted.length > 0 ? await admit(uncounted.length) : 0;
  return tasks.map((task) => {
    // Once it is made, or called off, the next deactivation of this user counts again.
    if (!isDeactivation(task.plan)) return setCleared(task, false);
    if (task.record.cleared) return task;
    room -= 1;
    return room >= 0 ? setCleared(task, true) : withhold(task);
  });
}

function setCleared(task: Task, cleared: boolean): Task {
  return { ...task, record: { ...task.record, cleared } };
}

function withhold(task: Task): Task {
  if (task.plan.do !== 'update') return task;
  const { active: _, ...changes } = task.plan.changes;
  const isAll = Object.keys(changes).length === 0;
  return { ...task, plan: isAll ? { do: 'nothing' } : { do: 'update', changes }, isHeld: true };
}

function toChange({ record, roqId, plan }: Task): Change | null {
  if (plan.do === 'create') {
    return { create: { ...toUpdate(plan.user), email: plan.user.email, reference: record.reference } };
  }
  return plan.do === 'update' && roqId !== null
    ? { update: { id: roqId, user: toUpdate(plan.changes) } }
    : null;
}

async function change(ports: ConvergePorts, tasks: readonly Task[], deadline: number): Promise<Result[]> {
  if (tasks.length === 0) return [];
  try {
    const ids = await ports.roq.change(
      tasks.map(toChange).filter((change) => change !== null),
      { deadline },
    );
    return tasks.map((task, i) => succeed(task, ids[i] ?? task.roqId));
  } catch (error) {
    return recover(ports, tasks, asRoqError(error), deadline);
  }
}

// A request failed, and some of its changes may have been made: look again before anything is tried a second time.
async function recover(
  ports: ConvergePorts,
  tasks: readonly Task[],
  failure: RoqError,
  deadline: number,
): Promise<Result[]> {
  const [only] = tasks;
  if (only && tasks.length === 1 && failure.code === 'roq_refused') {
    return [await changeStatusAlone(ports, only, failure, deadline)];
  }
  if (failure.effect === 'none') return tasks.map((task) => fail(task, failure));
  let seen: readonly Task[];
  try {
    seen = await lookUp(
      ports,
      tasks.map(({ record }) => record),
      deadline,
    );
  } catch (error) {
    const unseen = asRoqError(error);
    // Which of them ROQ refused is not known, and is no reason to give up on the others.
    return tasks.map((task) => fail(task, isFinal(failure.code) ? unseen : failure, null));
  }
  return finishOneByOne(ports, seen, failure, deadline);
}

async function finishOneByOne(
  ports: ConvergePorts,
  tasks: readonly Task[],
  failure: RoqError,
  deadline: number,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const task of tasks) {
    // What may still land must not be sent again, and what failed alone has had its turn.
    const isOpen = toChange(task) !== null;
    if (isOpen && (failure.effect === 'late' || tasks.length === 1)) results.push(fail(task, failure));
    else results.push(...(await act(ports, [task], deadline)));
  }
  return results;
}

// A profile value that ROQ refuses must not keep a disabled account alive: the status goes without it.
async function changeStatusAlone(
  ports: ConvergePorts,
  task: Task,
  refusal: RoqError,
  deadline: number,
): Promise<Result> {
  if (task.plan.do !== 'update' || task.roqId === null) return fail(task, refusal);
  const { active, isOptedIn, ...profile } = task.plan.changes;
  const status: RoqFields = {
    ...(active !== undefined && { active }),
    ...(isOptedIn !== undefined && { isOptedIn }),
  };
  const isMixed = Object.keys(status).length > 0 && Object.keys(profile).length > 0;
  if (!isMixed) return fail(task, refusal);
  try {
    await ports.roq.change([{ update: { id: task.roqId, user: toUpdate(status) } }], { deadline });
    return fail(task, refusal, { ...task.observed, ...status });
  } catch (error) {
    return fail(task, asRoqError(error));
  }
}

function succeed(task: Task, roqId: string | null): Result {
  const { plan, observed } = task;
  if (plan.do === 'create') return { task, roqId, observed: plan.user, failure: null };
  if (plan.do === 'update') return { task, roqId, observed: { ...observed, ...plan.changes }, failure: null };
  return { task, roqId, observed, failure: null };
}

// Only a call that changed nothing leaves what we knew of ROQ true.
function fail(
  task: Task,
  failure: RoqError,
  observed = failure.effect === 'none' ? task.observed : null,
): Result {
  return { task, roqId: task.roqId, observed, failure };
}

function asRoqError(error: unknown): RoqError {
  if (error instanceof RoqError) return error;
  throw error;
}
