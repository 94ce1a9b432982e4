// Finds the ROQ users of records, each by the very reference that it bears, and what is to be done for them.

import type { Leased } from '../dynamodb/fold.ts';
import { type Roq, toRoqFields } from '../roq/client.ts';
import { RoqError } from '../roq/faults.ts';
import type { RoqUser } from '../roq/types.ts';
import { type Facts, type ProfileName, plan, profileNames, type RoqFields } from '../user.ts';
import type { Failure, Task } from './outcome.ts';

export type LookUpPorts = { readonly roq: Pick<Roq, 'usersOf'> };

/** A record with what was found out; `failure`: its ROQ user is not known, and nothing may be done on it. */
export type LookedUp = { readonly task: Task; readonly failure: Failure | null };

/**
 * Looks each record's user up, all in one request. Where ROQ answers that request with an error, each is asked for alone,
 * so that one which ROQ can't answer stands in nobody's way. No call is begun after `deadline`.
 */
export async function lookUp(
  ports: LookUpPorts,
  records: readonly Leased[],
  deadline: number,
): Promise<readonly LookedUp[]> {
  if (records.length === 0) return [];
  try {
    const users = await ports.roq.usersOf(
      records.map(({ reference }) => reference),
      { deadline },
    );
    return records.map((record) => adopt(record, users.get(record.reference) ?? null));
  } catch (error) {
    const failure = asRoqError(error);
    if (records.length === 1 || !isAnswered(failure)) {
      return records.map((record) => ({ task: unplanned(record), failure }));
    }
    return lookUpEach(ports, records, deadline);
  }
}

async function lookUpEach(
  ports: LookUpPorts,
  records: readonly Leased[],
  deadline: number,
): Promise<readonly LookedUp[]> {
  const found: LookedUp[] = [];
  for (const record of records) found.push(...(await lookUp(ports, [record], deadline)));
  return found;
}

// ROQ itself said no, and not a gateway before it: something in the question is more than it can answer.
function isAnswered({ code, statusCode, errorCode }: RoqError): boolean {
  const isRefusal = statusCode !== null && statusCode >= 400 && statusCode < 500;
  return code === 'roq_unavailable' && (isRefusal || errorCode !== null);
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
export const recordInvalid: Failure = { code: 'record_invalid', effect: 'none', retryAfterMs: null };

/** The profile fields that something was told of: what is observed at ROQ is observed of these. */
export function namesIn(facts: Facts): readonly ProfileName[] {
  return profileNames.filter((name) => facts[name] !== undefined);
}

/** What ROQ's calls throw. @throws whatever else it is */
export function asRoqError(error: unknown): RoqError {
  if (error instanceof RoqError) return error;
  throw error;
}
