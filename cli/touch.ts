// `roq-sync resync`, `release` and `drop`: users set going again, let through the ceiling, or spared.

import { styleText } from 'node:util';
import type { Overview } from '../lib/operate/status.ts';
import type { QueueResult, UserResult } from '../lib/operate/touch.ts';
import { ask, mustBeSure } from './ask.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { reason } from './reasons.ts';
import { Refusal } from './refusal.ts';
import { count, plain, table } from './table.ts';
import { when } from './time.ts';

export const resync: CliCommand = {
  name: 'resync',
  words: '[reference]',
  takes: ['all'],
  says: 'Looks at ROQ anew, and makes it match the record; with --all for every parked one',
  help: 'A parked user is set going again.',
  run: (call) => touch(call, 'resync'),
};

export const release: CliCommand = {
  name: 'release',
  words: '[reference]',
  takes: ['all', 'yes'],
  says: 'Lets a held deactivation through, or with --all every one',
  help: 'A parked user is set going again.',
  run: (call) => touch(call, 'release'),
};

export const drop: CliCommand = {
  name: 'drop',
  words: '[reference]',
  takes: ['all', 'yes'],
  says: 'Takes back that a user was disabled or deleted, or with --all every one that is held',
  help: 'The same event sent again stays without effect; a newer one is believed.',
  run: (call) => touch(call, 'drop'),
};

async function touch(call: Call, command: 'resync' | 'release' | 'drop'): Promise<Result> {
  const { words, options, invoke } = call;
  const [reference] = words;
  if ((reference === undefined) === !options.all) {
    throw new Refusal('wrongUsage', `Usage: roq-sync ${command} <reference>, or ${command} --all`);
  }
  if (options.all && command !== 'resync') await confirm(call, command);
  const touched = options.all
    ? await touchAll(call, command)
    : await invoke<QueueResult>('operate', { command, reference });
  const isDone = Object.keys(touched.counts).every((is) => is === 'done') && !touched.more;
  const none = `No users are ${command === 'resync' ? 'parked' : 'held'}.`;
  return { document: touched, text: toText(touched) || none, needsPerson: !isDone };
}

const questions = {
  release: 'Deactivate all of them at ROQ?',
  drop: 'Take back that they were disabled or deleted?',
};

/** @throws Refusal unless somebody wants it */
async function confirm({ options, invoke }: Call, command: keyof typeof questions): Promise<void> {
  mustBeSure(options.yes);
  if (options.yes) return;
  const { queues } = await invoke<Overview>('operate', { command: 'status' });
  const answer = await ask(`Held: ${count(queues.held.count, 'user')}. ${questions[command]} [y/N] `);
  if (answer.toLowerCase() !== 'y') throw new Refusal('wrongUsage', 'Nothing was done.');
}

/** As often as it takes, for one invocation does what fits in its time. */
async function touchAll({ invoke, progress }: Call, command: string): Promise<QueueResult> {
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
  const rows = users.map((user) => [plain(user.reference), outcome(user), note(user)]);
  const tail = more ? ['  There are more: run it again.'] : [];
  return [table(rows), ...(users.length > 1 ? [`  ${countText(counts)}`] : []), ...tail].join('\n');
}

function countText(counts: QueueResult['counts']): string {
  return Object.entries(counts)
    .map(([is, count]) => `${count} ${is}`)
    .join(', ');
}

function outcome({ is }: UserResult): string {
  return styleText(is === 'done' ? 'green' : 'yellow', is);
}

const notes: Readonly<Record<UserResult['is'], string>> = {
  done: 'ROQ matches the record',
  waiting: 'for an e-mail address, which ROQ demands',
  retry: 'it is tried again by itself',
  parked: 'ROQ refuses; correct the data at the provider',
  held: 'over the ceiling: release it, or drop it',
  lost: 'somebody else went on with it',
  unknown: 'there is no record of it',
  busy: 'somebody else is at work on it; try again',
  nothing: 'nothing told that it was disabled or deleted',
  erased: 'it was erased, and stays so',
};

function note({ is, fields, code, busyUntil }: UserResult): string {
  const changed = fields.length > 0 ? `; changed: ${fields.join(', ')}` : '';
  const until = busyUntil === null ? '' : `, at the latest until ${when(busyUntil)}`;
  return `${code ? `${reason(code)}; ` : ''}${notes[is]}${changed}${until}`;
}
