// What relink and recreate share: the ROQ user that a record names is changed under its lease, and what came of it.

import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import type { Leased } from '../dynamodb/fold.ts';
import type { RoqCode } from '../errors.ts';
import { RoqError } from '../roq/faults.ts';
import type { RoqUser } from '../roq/types.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { converge } from '../sync/converge.ts';
import { lookUp } from './status.ts';
import { take, toResult, type UserResult, withCommand } from './user-command.ts';

export type Linked = {
  readonly user: UserResult;
  /** The ROQ user that the record named before; null for none. */
  readonly roqIdBefore: string | null;
  /** The one that it names now. */
  readonly roqId: string | null;
};

/**
 * Why nothing was done:
 * - `roq_user_unknown`: ROQ has no user of that id that bears the reference.
 * - `roq_user_present`: ROQ has a user of the reference, so that nobody is to be made anew.
 * - ROQ's own codes: it did not answer wholly, so that nothing is known.
 */
export type LinkRefused = {
  readonly error: {
    readonly code: 'roq_user_unknown' | 'roq_user_present' | RoqCode;
    readonly message: string;
  };
};

type Change = {
  readonly command: 'relink' | 'recreate';
  /** Why these users, all that ROQ has of the reference, stand against it; null where nothing does. */
  readonly check: (users: readonly RoqUser[]) => LinkRefused | null;
  /** The record as it is to be converged; null where the lease was lost. */
  readonly prepare: (record: Leased) => Promise<Leased | null>;
};

/** Looks at ROQ, then changes the record's link and makes ROQ match. @throws UnavailableError */
export async function changeLink(
  app: App,
  reference: string,
  { command, check, prepare }: Change,
  budget: RunBudget,
): Promise<Linked | LinkRefused> {
  const users = await lookUp(app.roq, reference, budget.deadline);
  if (users instanceof RoqError) return refuse(users.code, 'ROQ did not say whom it has: try again');
  const refused = check(users);
  if (refused) return refused;
  const taken = await take(app, reference, randomUUID(), budget.leaseMs);
  if (!taken.leased) return answer(app, taken.result);
  const prepared = await prepare(taken.leased);
  const [outcome] = prepared
    ? await converge(app, [withCommand(prepared, command, app.now())], budget.deadline)
    : [];
  return answer(app, toResult(taken.leased, outcome), taken.leased.roqId);
}

export function refuse(code: LinkRefused['error']['code'], message: string): LinkRefused {
  return { error: { code, message } };
}

async function answer({ store }: App, user: UserResult, before?: string | null): Promise<Linked> {
  const roqId = (await store.get(user.reference))?.roqId ?? null;
  return { user, roqIdBefore: before === undefined ? roqId : before, roqId };
}
