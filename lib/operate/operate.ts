// Each of an operator's commands, by the one function that does it.

import type { App } from '../app.ts';
import type { JobView } from '../jobs/job-view.ts';
import type { MappingSettings } from '../mapping/mapping.ts';
import type { RunBudget } from '../sync/concurrency.ts';
import { audit, cancel, type JobUnknown, showJob } from './audit-command.ts';
import type { Command } from './command.ts';
import { type Diagnosis, doctor } from './doctor.ts';
import { drop } from './drop.ts';
import { erase, type Receipt } from './erase.ts';
import { type Found, find } from './find.ts';
import type { Linked, LinkRefused } from './link.ts';
import { type Listing, list } from './listing.ts';
import { recreate } from './recreate.ts';
import { release } from './release.ts';
import { relink } from './relink.ts';
import { resync } from './resync.ts';
import { type Overview, overview, statusOf, type UserStatus } from './status.ts';
import { gone, keep } from './suspects.ts';
import { type QueueResult, runOnQueue, type UserCommand } from './user-command.ts';

export type Answer =
  | UserStatus
  | Overview
  | Found
  | Listing
  | QueueResult
  | Linked
  | LinkRefused
  | Receipt
  | JobView
  | JobUnknown
  | Diagnosis
  | MappingSettings;

/** Does a command and answers it. @throws UnavailableError, when DynamoDB can't be reached */
export async function operate(app: App, command: Command, budget: RunBudget): Promise<Answer> {
  logCommand(app, command);
  switch (command.command) {
    case 'status':
      return command.reference === undefined
        ? overview(app, command.stored)
        : statusOf(app, command.reference, budget);
    case 'find':
      return find(app, command.text, budget);
    case 'list':
      return list(app, command.of, command.limit);
    case 'resync':
      return runUserCommand(app, resync, 'parked', command, budget);
    case 'release':
      return runUserCommand(app, release, 'held', command, budget);
    case 'drop':
      return runUserCommand(app, drop, 'held', command, budget);
    case 'relink':
      return relink(app, command.reference, command.roqId, budget);
    case 'recreate':
      return recreate(app, command.reference, budget);
    case 'gone':
      return runUserCommand(app, gone, 'held', command, budget);
    case 'keep':
      return runUserCommand(app, keep, 'held', command, budget);
    case 'erase':
      return erase(app, command.reference, budget);
    case 'audit':
      return audit(app, command, budget);
    case 'job':
      return showJob(app, command.id);
    case 'cancel':
      return cancel(app, command.id);
    // As it is deployed, for whoever reads a file of users.
    case 'mapping':
      return app.mapping.settings;
    case 'doctor':
      return doctor(app, command.probe, budget);
  }
}

/** For one user; without a reference, for every user of the queue. */
async function runUserCommand(
  app: App,
  command: UserCommand,
  queue: 'parked' | 'held',
  { reference, before = app.now() }: { readonly reference?: string; readonly before?: number },
  budget: RunBudget,
): Promise<QueueResult> {
  if (reference === undefined) return runOnQueue(app, command, queue, before, budget);
  const users = await command(app, [reference], budget);
  return { counts: Object.fromEntries(users.map(({ is }) => [is, 1])), users, more: false, before };
}

// What changes something is found in the log afterwards; reading leaves no trace.
function logCommand({ log }: App, command: Command): void {
  const isReading = ['status', 'find', 'list', 'job', 'mapping'].includes(command.command);
  const reference = 'reference' in command ? (command.reference ?? null) : null;
  if (!isReading) log({ message: 'operate', command: command.command, reference });
}
