// What is sent to ROQ for records whose user is known: what takes away first, and nothing twice.

import { isObject, parseJson } from '../json.ts';
import type { Roq } from '../roq/client.ts';
import { RoqError } from '../roq/faults.ts';
import { toUpdate } from '../roq/fields.ts';
import type { Change } from '../roq/requests.ts';
import { desired, type Plan, type RoqFields } from '../user.ts';
import { type Admit, reasonOf, reasons } from './ceiling.ts';
import { asRoqError, type LookUpPorts, lookUp, recordInvalid } from './look-up.ts';
import { type Failure, isDeactivation, type Result, type Task } from './outcome.ts';

export type ApplyPorts = {
  readonly roq: Pick<Roq, 'change'> & LookUpPorts['roq'];
  /** The ceiling on deactivations. */
  readonly admit: Admit;
};

/** Does what each task plans, all in one request as far as nothing goes wrong. No call is begun after `deadline`. */
export async function apply(
  ports: ApplyPorts,
  tasks: readonly Task[],
  deadline: number,
): Promise<readonly Result[]> {
  const missing = tasks.filter(isMissing);
  const admitted = await passCeiling(
    ports,
    tasks.filter((task) => !isMissing(task)),
  );
  const steps = admitted.map(toSteps);
  const busy = steps.filter((step) => !isIdle(step));
  return [
    ...missing.map((task) => fail(task, new RoqError('roq_user_missing', 'none'))),
    ...steps.filter(isIdle).map((step) => succeed(step, step.task.roqId)),
    ...(await send(ports, busy, deadline)),
  ];
}

// A user that we made can't have been deleted: a look-up without it is a reason to ask a person, not to make another.
function isMissing({ roqId, observed }: Task): boolean {
  return roqId !== null && observed === null;
}

// What finds no room does all but its deactivation; what does is never counted again, however often it fails.
async function passCeiling({ admit }: ApplyPorts, tasks: readonly Task[]): Promise<readonly Task[]> {
  const uncounted = tasks.filter(({ plan, record }) => isDeactivation(plan) && !record.cleared);
  const admitted = new Set<Task>();
  for (const reason of reasons) {
    const ofReason = uncounted.filter(({ record }) => reasonOf(record.facts) === reason);
    const room = ofReason.length > 0 ? await admit(ofReason.length, reason) : 0;
    for (const task of ofReason.slice(0, room)) admitted.add(task);
  }
  return tasks.map((task) => {
    // Once it is made, or called off, the next deactivation of this user counts again.
    if (!isDeactivation(task.plan)) return setCleared(task, false);
    if (task.record.cleared) return task;
    return admitted.has(task) ? setCleared(task, true) : withhold(task);
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

/** What is sent for a task: what takes away goes first and alone, so that no value which ROQ refuses keeps it back. */
type Steps = {
  readonly task: Task;
  /** The status that is taken from a user: not active, not opted in. */
  readonly takes: RoqFields | null;
  readonly gives: Change | null;
  /** The record holds what can't be sent, which is no part of the plan any more: all else is done, and it is parked. */
  readonly isInvalid: boolean;
};

function toSteps(task: Task): Steps {
  const plan = sendablePart(task.plan);
  const sendable = { ...task, plan };
  const isInvalid = plan !== task.plan;
  const { record, roqId } = task;
  if (plan.do === 'create') {
    const user = { ...toUpdate(plan.user), email: plan.user.email, reference: record.reference };
    return { task: sendable, takes: null, gives: { create: user }, isInvalid };
  }
  if (plan.do !== 'update' || roqId === null) return { task: sendable, takes: null, gives: null, isInvalid };
  const takes = pick(plan.changes, (name, value) => isStatus(name) && value === false);
  const gives = withAddress(
    task,
    pick(plan.changes, (name) => !(takes && name in takes)),
  );
  const update = gives && { update: { id: roqId, user: toUpdate(gives) } };
  return { task: sendable, takes, gives: update, isInvalid };
}

/** The plan without custom data that are no JSON object, which a record can hold that somebody else wrote. */
function sendablePart(plan: Plan): Plan {
  const fields = plan.do === 'create' ? plan.user : plan.do === 'update' ? plan.changes : {};
  if (typeof fields.customData !== 'string' || isObject(parseJson(fields.customData))) return plan;
  if (plan.do === 'create') {
    const { customData: _, ...user } = plan.user;
    return { ...plan, user };
  }
  const changes = pick(fields, (name) => name !== 'customData');
  return changes ? { do: 'update', changes } : { do: 'nothing' };
}

function isStatus(name: string): boolean {
  return name === 'active' || name === 'isOptedIn';
}

/** Null where none is left. */
function pick(fields: RoqFields, isWanted: (name: string, value: unknown) => boolean): RoqFields | null {
  const entries = Object.entries(fields).filter(([name, value]) => isWanted(name, value));
  return entries.length > 0 ? Object.fromEntries(entries) : null;
}

// Nobody is opted in but together with the address that was verified, whatever ROQ holds by now.
function withAddress({ record }: Task, fields: RoqFields | null): RoqFields | null {
  const { email } = desired(record.facts);
  return fields?.isOptedIn === true && email ? { ...fields, email } : fields;
}

async function send(
  ports: ApplyPorts,
  steps: readonly Steps[],
  deadline: number,
): Promise<readonly Result[]> {
  if (steps.length === 0) return [];
  const taking = steps.map(toTaking).filter((taken) => taken !== null);
  const giving = steps.filter(({ gives }) => gives !== null);
  const changes = [...taking, ...giving.map(({ gives }) => gives).filter((given) => given !== null)];
  try {
    const ids = await ports.roq.change(changes, { deadline });
    const idOf = new Map(giving.map((step, i) => [step, ids[taking.length + i]]));
    return steps.map((step) => succeed(step, idOf.get(step) ?? step.task.roqId));
  } catch (error) {
    return recover(ports, steps, changes.length, asRoqError(error), deadline);
  }
}

function isIdle({ takes, gives }: Steps): boolean {
  return !takes && !gives;
}

function toTaking({ task, takes }: Steps): Change | null {
  return takes && task.roqId !== null ? { update: { id: task.roqId, user: toUpdate(takes) } } : null;
}

// A request failed, and some of its changes may have been made: look again before anything is tried a second time.
async function recover(
  ports: ApplyPorts,
  steps: readonly Steps[],
  sent: number,
  failure: RoqError,
  deadline: number,
): Promise<readonly Result[]> {
  const [only] = steps;
  if (only && sent === 1 && isRefusal(failure))
    return [await giveStatusAlone(ports, only, failure, deadline)];
  if (failure.effect === 'none' && !isOfMissing(failure)) return steps.map(({ task }) => fail(task, failure));
  const seen = await lookUp(
    ports,
    steps.map(({ task }) => task.record),
    deadline,
  );
  const results: Result[] = [];
  for (const { task, failure: unseen } of seen) {
    // Which of them ROQ refused is not known, and is no reason to give up on the others.
    if (unseen) results.push(fail(task, failure.code === 'roq_refused' ? unseen : failure, null));
    else results.push(await finishAlone(ports, task, sent, failure, deadline));
  }
  return results;
}

// A rule of the database that a create breaks may be that the user is there already.
function isRefusal({ code, statusCode, errorSubCode }: RoqError): boolean {
  return code === 'roq_refused' && statusCode !== 404 && !errorSubCode?.startsWith('23');
}

function isOfMissing({ code, statusCode, errorSubCode }: RoqError): boolean {
  return code === 'roq_refused' && (statusCode === 404 || errorSubCode?.startsWith('23') === true);
}

/** What is left to do for one record of a request that failed, each change by itself. */
async function finishAlone(
  ports: ApplyPorts,
  task: Task,
  sent: number,
  failure: RoqError,
  deadline: number,
): Promise<Result> {
  if (isMissing(task)) return fail(task, new RoqError('roq_user_missing', 'none'));
  const [admitted = task] = await passCeiling(ports, [task]);
  const steps = toSteps(admitted);
  if (isIdle(steps)) return succeed(steps, steps.task.roqId);
  // What may still land must not be sent again, and what failed alone has had its turn.
  if (failure.effect === 'late' || sent === 1) return giveUp(ports, steps, failure, deadline);
  const taken = await take(ports, steps, deadline);
  if (taken.failure) return taken;
  if (!steps.gives) return succeed(steps, steps.task.roqId);
  try {
    const [id] = await ports.roq.change([steps.gives], { deadline });
    return succeed(steps, id ?? steps.task.roqId);
  } catch (error) {
    const refusal = asRoqError(error);
    const left = { ...steps, task: { ...steps.task, observed: taken.observed } };
    return giveUp(ports, left, refusal, deadline);
  }
}

async function giveUp(ports: ApplyPorts, steps: Steps, failure: RoqError, deadline: number): Promise<Result> {
  return failure.code === 'roq_refused'
    ? giveStatusAlone(ports, steps, failure, deadline)
    : fail(steps.task, failure);
}

async function take(ports: ApplyPorts, { task, takes }: Steps, deadline: number): Promise<Result> {
  const { roqId, observed } = task;
  if (!takes || roqId === null) return { task, roqId, observed, failure: null };
  try {
    await ports.roq.change([{ update: { id: roqId, user: toUpdate(takes) } }], { deadline });
    return { task, roqId, observed: { ...observed, ...takes }, failure: null };
  } catch (error) {
    return fail(task, asRoqError(error));
  }
}

// A profile value that ROQ refuses must not keep a user out either: what is given of the status goes without it.
async function giveStatusAlone(
  ports: ApplyPorts,
  { task, gives }: Steps,
  refusal: RoqError,
  deadline: number,
): Promise<Result> {
  const { roqId, plan, record } = task;
  if (plan.do !== 'update' || roqId === null || !gives) return fail(task, refusal);
  const { email } = desired(record.facts);
  const isMixed = Object.keys(plan.changes).some((name) => !isStatus(name));
  const parts: RoqFields[] = [];
  if (isMixed && plan.changes.active === true) parts.push({ active: true });
  if (isMixed && plan.changes.isOptedIn === true && email) parts.push({ isOptedIn: true, email });
  let observed = task.observed;
  for (const part of parts) {
    try {
      await ports.roq.change([{ update: { id: roqId, user: toUpdate(part) } }], { deadline });
      observed = { ...observed, ...part };
    } catch (error) {
      const failure = asRoqError(error);
      const isKnown = failure.effect === 'none';
      // What was only turned away for now is tried again, and parked no sooner than it is given.
      if (failure.code !== 'roq_refused' || !isKnown) return fail(task, failure, isKnown ? observed : null);
    }
  }
  return fail(task, refusal, observed);
}

function succeed({ task, isInvalid }: Steps, roqId: string | null): Result {
  const { plan, observed } = task;
  const failure = isInvalid ? recordInvalid : null;
  if (plan.do === 'create') return { task, roqId, observed: plan.user, failure };
  if (plan.do === 'update') return { task, roqId, observed: { ...observed, ...plan.changes }, failure };
  return { task, roqId, observed, failure };
}

/** Only a call that changed nothing leaves what we knew of ROQ true. */
export function fail(
  task: Task,
  failure: Failure,
  observed = failure.effect === 'none' ? task.observed : null,
): Result {
  return { task, roqId: task.roqId, observed, failure };
}
