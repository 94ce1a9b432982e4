// `roq-sync resync`: makes ROQ match the records of users.

import type { CliCommand } from './command.ts';
import { runUserCommand } from './user-command.ts';

export const resync: CliCommand = {
  name: 'resync',
  args: '[reference]',
  takes: ['all'],
  summary: 'Makes ROQ match one record, or all that are parked',
  details: 'It reads what ROQ has first, and tries a parked user again.',
  words: ['parked'],
  run: (call) => runUserCommand(call, { name: 'resync', queue: 'parked', question: null }),
};
