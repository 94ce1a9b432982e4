// Takes back that users were disabled, deleted or found to be gone, as an operator asks.

import { randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import type { Fact, Facts } from '../user.ts';
import { isErased } from './tombstone.ts';
import { convergeTaken, type Taken, type UserCommand, withoutLease } from './user-command.ts';

/**
 * Takes back that these users were disabled, deleted or found to be gone, by facts that are a millisecond newer: the same event sent
 * again changes nothing, a later one counts.
 */
export const drop: UserCommand = async (app, references, budget) => {
  const taken = await Promise.all(references.map((reference) => takeBack(app, reference, budget)));
  return convergeTaken(app, taken, (record) => record, budget);
};

async function takeBack({ store }: App, reference: string, { leaseMs }: RunBudget): Promise<Taken> {
  const known = await store.get(reference);
  if (!known) return withoutLease(reference, 'unknown', null);
  if (isErased(known.facts)) return withoutLease(reference, 'erased', known);
  const facts = toOverruling(known.facts);
  if (Object.keys(facts).length === 0) return withoutLease(reference, 'nothing', known);
  const { leased, record } = await store.fold(reference, facts, randomUUID(), leaseMs, {
    why: { by: 'operator', what: 'drop', toldAt: null },
  });
  // The fold is recorded; another process that has the lease converges once more because of it.
  return leased
    ? { reference, leased: { ...leased, queue: known.queue } }
    : withoutLease(reference, 'retry', { ...record, queue: known.queue });
}

function toOverruling({ disabled, deleted, gone }: Facts): Facts {
  const overrule = ({ at }: Fact): Fact => ({ value: false, at: at + 1 });
  return {
    ...(disabled?.value === true && { disabled: overrule(disabled) }),
    ...(deleted?.value === true && { deleted: overrule(deleted) }),
    ...(gone?.value === true && { gone: overrule(gone) }),
  };
}
