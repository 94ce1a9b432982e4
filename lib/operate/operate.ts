// What an operator asks for, each by the one function that does it.

import type { App } from '../app.ts';
import type { JobView } from '../jobs/job-view.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { audit, type JobUnknown, showJob } from './audit-command.ts';
import type { Command } from './command.ts';
import { type Diagnosis, doctor } from './doctor.ts';
import { erase, type Receipt } from './erase.ts';
import { type Listing, list } from './listing.ts';
import { type Overview, overview, statusOf, type UserStatus } from './status.ts';
import { drop, type QueueResult, release, resync, runOnQueue, type UserCommand } from './touch.ts';

export type Answer =
  | UserStatus
  | Overview
  | Listing
  | QueueResult
  | Receipt
  | JobView
  | JobUnknown
  | Diagnosis;

/** @throws UnavailableError, when DynamoDB can't be reached */
export async function operate(app: App, command: Command, budget: RunBudget): Promise<Answer> {
  note(app, command);
  switch (command.command) {
    case 'status':
      return command.reference === undefined ? overview(app) : statusOf(app, command.reference, budget);
    case 'list':
      return list(app, command.of, command.limit);
    case 'resync':
      return touch(app, resync, 'parked', command, budget);
    case 'release':
      return touch(app, release, 'held', command, budget);
    case 'drop':
      return touch(app, drop, 'held', command, budget);
    case 'erase':
      return erase(app, command.reference, budget);
    case 'audit':
      return audit(app, command, budget);
    case 'job':
      return showJob(app, command.id);
    case 'doctor':
      return doctor(app, command.probe, budget);
  }
}

/** One user; all that stand in the queue, where no reference is given. */
async function touch(
  app: App,
  how: UserCommand,
  queue: 'parked' | 'held',
  { reference, before = app.now() }: { readonly reference?: string; readonly before?: number },
  budget: RunBudget,
): Promise<QueueResult> {
  if (reference === undefined) return runOnQueue(app, how, { queue, before }, budget);
  const users = await how(app, [reference], budget);
  return { counts: Object.fromEntries(users.map(({ is }) => [is, 1])), users, more: false, before };
}

// Whoever changed something must be found in the log; reading leaves no trace.
function note({ log }: App, command: Command): void {
  const isReading = ['status', 'list', 'job'].includes(command.command);
  const reference = 'reference' in command ? (command.reference ?? null) : null;
  if (!isReading) log({ message: 'operate', command: command.command, reference });
}
