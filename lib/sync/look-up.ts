// Finds the ROQ users of records, each by the very reference that it bears, and what is to be done for them.

import type { Leased } from '../dynamodb/fold.ts';
import type { Roq, UsersByReference } from '../roq/client.ts';
import { RoqError } from '../roq/faults.ts';
import { toRoqFields } from '../roq/fields.ts';
import type { RoqUser } from '../roq/types.ts';
import { type Facts, type ProfileName, plan, profileNames, type RoqFields } from '../user.ts';
import { batchesOf } from './batches.ts';
import type { Failure, Task } from './outcome.ts';

export type LookUpPorts = { readonly roq: Pick<Roq, 'usersOf'> };

/** A record with what was found out; `failure`: its ROQ user is not known, and nothing may be done on it. */
export type LookedUp = { readonly task: Task; readonly failure: Failure | null };

/** So many questions in a row without one answer mean that ROQ is down, and not that it can't answer one of them. */
const maxUnanswered = 4;

/**
 * Looks each record's user up, all in one request. Where that is not answered it is asked again in halves, and those in
 * halves, so that one user about whom ROQ can't answer stands in nobody's way. No call is begun after `deadline`.
 */
export async function lookUp(
  ports: LookUpPorts,
  records: readonly Leased[],
  deadline: number,
): Promise<readonly LookedUp[]> {
  const found: LookedUp[] = [];
  const groups = records.length > 0 ? [records] : [];
  let isAnswering = false;
  let unanswered = 0;
  for (let group = groups.shift(); group; group = groups.shift()) {
    const answer = await ask(ports, group, deadline);
    if (!(answer instanceof RoqError)) {
      isAnswering = true;
      for (const record of group) found.push(adopt(record, answer.get(record.reference) ?? null));
      continue;
    }
    // A refusal is an answer too.
    if (answer.errorCode === null) unanswered += 1;
    const isDown = answer.code !== 'roq_unavailable' || (!isAnswering && unanswered >= maxUnanswered);
    if (group.length > 1 && !isDown) groups.push(...batchesOf(group, Math.ceil(group.length / 2)));
    else for (const record of group) found.push({ task: unplanned(record), failure: answer });
  }
  return found;
}

async function ask(
  { roq }: LookUpPorts,
  records: readonly Leased[],
  deadline: number,
): Promise<UsersByReference | RoqError> {
  try {
    return await roq.usersOf(
      records.map(({ reference }) => reference),
      { deadline },
    );
  } catch (error) {
    return asRoqError(error);
  }
}

// Only the very same reference links a record to a ROQ user, never an e-mail address; of several the oldest.
function adopt(record: Leased, users: readonly RoqUser[] | null): LookedUp {
  if (users === null) {
    return { task: unplanned(record), failure: new RoqError('roq_unavailable', 'none') };
  }
  const user = users.find(({ id }) => id === record.roqId) ?? users[0];
  const duplicates = users.filter((other) => other !== user).map(({ id }) => id);
  const roqId = user?.id ?? record.roqId;
  return planFor(record, roqId, () => (user ? toRoqFields(user, namesIn(record.facts)) : null), duplicates);
}

/**
 * What is to be done for a record by what ROQ is seen to hold; null: ROQ has no such user. Nothing but the record and its
 * ROQ user has a part in it, so that whatever goes wrong is about this record alone.
 */
export function planFor(
  record: Leased,
  roqId: string | null,
  observe: () => RoqFields | null,
  duplicates: readonly string[] = [],
): LookedUp {
  try {
    const observed = observe();
    const planned = plan(record.facts, observed);
    return { task: { ...unplanned(record), roqId, observed, plan: planned, duplicates }, failure: null };
  } catch {
    return { task: unplanned(record), failure: recordInvalid };
  }
}

function unplanned(record: Leased): Task {
  const { roqId } = record;
  return { record, roqId, observed: null, plan: { do: 'nothing' }, duplicates: [], isHeld: false };
}

/** The record holds what can't be sent to ROQ. */
export const recordInvalid: Failure = {
  code: 'record_invalid',
  effect: 'none',
  retryAfterMs: null,
  fields: [],
};

/** The profile fields that something was told of: what is observed at ROQ is observed of these. */
export function namesIn(facts: Facts): readonly ProfileName[] {
  return profileNames.filter((name) => facts[name] !== undefined);
}

/** What ROQ's calls throw. @throws whatever else it is */
export function asRoqError(error: unknown): RoqError {
  if (error instanceof RoqError) return error;
  throw error;
}
