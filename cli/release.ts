// `roq-sync release`: lets deactivations over the ceiling through.

import type { CliCommand } from './command.ts';
import { runUserCommand } from './user-command.ts';

const question = 'Deactivate all of them at ROQ?';

export const release: CliCommand = {
  name: 'release',
  args: '[reference]',
  takes: ['all', 'yes'],
  summary: 'Lets one held deactivation through, or all',
  details: 'A parked user is tried again.',
  words: ['held', 'ceiling'],
  run: (call) => runUserCommand(call, { name: 'release', queue: 'held', question }),
};
