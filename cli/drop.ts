// `roq-sync drop`: takes back that users were disabled or deleted.

import type { CliCommand } from './command.ts';
import { runUserCommand } from './user-command.ts';

const question = 'Take back that they were disabled or deleted?';

export const drop: CliCommand = {
  name: 'drop',
  args: '[reference]',
  takes: ['all', 'yes'],
  summary: "Takes back one user's deactivation, or all that are held",
  details:
    'For users who were disabled or deleted by mistake. The same event sent again changes nothing; a newer one counts. Whoever is not held is let back in, and is asked about first.',
  words: ['held', 'ceiling'],
  run: (call) => runUserCommand(call, { name: 'drop', queue: 'held', question }),
};
