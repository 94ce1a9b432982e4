// `roq-sync gone` and `keep`: what becomes of one user whom the list of their provider does not have.

import type { QueueResult } from '../lib/operate/user-command.ts';
import { ask, mustBeSure } from './ask.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { Refusal } from './refusal.ts';
import { table } from './table.ts';
import { userRow } from './user-command.ts';
import { plain } from './words/plain.ts';

export const gone: CliCommand = {
  name: 'gone',
  args: '<reference>',
  takes: ['yes'],
  summary: 'Makes a suspect inactive whom the provider says not to have',
  details: 'As soon as the provider shows the user again, or tells of them, they are active again.',
  words: ['reference'],
  run: async (call) => {
    const [reference = ''] = call.args;
    mustBeSure(call.options.yes);
    if (!call.options.yes) {
      const answer = await ask(`${plain(reference)} is made inactive in ROQ. Do it? [y/N] `);
      if (answer.toLowerCase() !== 'y') throw new Refusal('wrongUsage', 'Nothing was done.');
    }
    return decide(call, 'gone', reference);
  },
};

export const keep: CliCommand = {
  name: 'keep',
  args: '<reference>',
  takes: [],
  summary: 'Has pulls leave a suspect as they are',
  details: 'Until the list has the user again.',
  words: ['reference'],
  run: (call) => decide(call, 'keep', call.args[0] ?? ''),
};

async function decide({ invoke }: Call, command: 'gone' | 'keep', reference: string): Promise<Result> {
  const result = await invoke<QueueResult>('operate', { command, reference });
  const isNone = result.users.some(({ is }) => is === 'nothing');
  const none = `${plain(reference)}: no pull found that the provider has no such user.`;
  const isDone = result.users.every(({ is }) => is === 'done');
  const text = isNone ? none : table(result.users.map(userRow));
  return { document: result, text, needsPerson: !isDone };
}
