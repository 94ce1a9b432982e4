// What resync, release and drop share: run for one user or a whole queue, and say what came of each user.

import type { Overview, UserStatus } from '../lib/operate/status.ts';
import type { QueueResult, UserResult } from '../lib/operate/user-command.ts';
import { desired } from '../lib/user.ts';
import { ask, mustBeSure } from './ask.ts';
import type { Call, Result } from './command.ts';
import { Refusal } from './refusal.ts';
import { type Cell, table } from './table.ts';
import { explainOutcome } from './words/outcomes.ts';
import { count, plain } from './words/plain.ts';

export type UserCommand = {
  readonly name: 'resync' | 'release' | 'drop';
  readonly queue: 'parked' | 'held';
  /** What is asked before the whole queue; null where nothing is lost by it. */
  readonly question: string | null;
};

/** Runs it for the user who is named, or with --all for the queue. */
export async function runUserCommand(call: Call, command: UserCommand): Promise<Result> {
  const { name, queue, question } = command;
  const { args, options, invoke } = call;
  const [reference] = args;
  if ((reference === undefined) === !options.all) {
    throw new Refusal('wrongUsage', `Usage: roq-sync ${name} <reference>, or ${name} --all`);
  }
  if (options.all && question) await confirm(call, question);
  if (reference !== undefined && name === 'drop') await confirmDrop(call, reference);
  const result = options.all
    ? await runOnQueue(call, name)
    : await invoke<QueueResult>('operate', { command: name, reference });
  const isDone = Object.keys(result.counts).every((is) => is === 'done') && !result.more;
  return { document: result, text: toText(result) || `No users are ${queue}.`, needsPerson: !isDone };
}

/** @throws Refusal unless the answer is yes */
async function confirm({ options, invoke }: Call, question: string): Promise<void> {
  mustBeSure(options.yes);
  if (options.yes) return;
  const { queues } = await invoke<Overview>('operate', { command: 'status' });
  const answer = await ask(`Held: ${count(queues.held.count, 'user')}. ${question} [y/N] `);
  if (answer.toLowerCase() !== 'y') throw new Refusal('wrongUsage', 'Nothing was done.');
}

/** Of who is held nothing was done yet; anybody else was shut out, and is let back in. @throws Refusal */
async function confirmDrop({ options, invoke }: Call, reference: string): Promise<void> {
  if (options.yes) return;
  const { record } = await invoke<UserStatus>('operate', { command: 'status', reference });
  const isShutOut = record && desired(record.facts).active === false;
  if (!isShutOut || record.queue === 'held') return;
  mustBeSure(options.yes);
  const answer = await ask(
    `${plain(reference)} is not held: ROQ has them inactive, and this lets them back in. Do it? [y/N] `,
  );
  if (answer.toLowerCase() !== 'y') throw new Refusal('wrongUsage', 'Nothing was done.');
}

/** Calls again until the queue is done, since one invocation does what fits in its time. */
async function runOnQueue({ invoke, progress }: Call, command: string): Promise<QueueResult> {
  let counts: QueueResult['counts'] = {};
  let users: readonly UserResult[] = [];
  let before: number | undefined;
  for (;;) {
    const part = await invoke<QueueResult>('operate', { command, all: true, before });
    before = part.before;
    counts = sum(counts, part.counts);
    users = [...users, ...part.users].slice(0, 100);
    progress.show(countText(counts));
    const isStuck = Object.keys(part.counts).length === 0;
    if (part.more && !isStuck) continue;
    progress.clear();
    return { counts, users, more: part.more, before };
  }
}

function sum(one: QueueResult['counts'], other: QueueResult['counts']): QueueResult['counts'] {
  const names = Object.keys({ ...one, ...other }) as UserResult['is'][];
  return Object.fromEntries(names.map((is) => [is, (one[is] ?? 0) + (other[is] ?? 0)]));
}

function toText({ counts, users, more }: QueueResult): string {
  if (users.length === 0) return '';
  const rows = users.map(userRow);
  const tail = more ? ['  There are more: run it again.'] : [];
  return [table(rows), ...(users.length > 1 ? [`  ${countText(counts)}`] : []), ...tail].join('\n');
}

/** A user, what came of it, and what that means. */
export function userRow(user: UserResult): readonly Cell[] {
  return [plain(user.reference), toOutcome(user), explainOutcome(user)];
}

function countText(counts: QueueResult['counts']): string {
  return Object.entries(counts)
    .map(([is, count]) => `${count} ${is}`)
    .join(', ');
}

function toOutcome({ is }: UserResult): Cell {
  return { text: is, style: is === 'done' ? 'green' : 'yellow' };
}
