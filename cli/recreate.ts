// `roq-sync recreate`: has a user whom ROQ has lost made there anew.

import type { CliCommand } from './command.ts';
import { runLinkCommand } from './link.ts';
import { plain } from './words/plain.ts';

export const recreate: CliCommand = {
  name: 'recreate',
  args: '<reference>',
  takes: ['yes'],
  summary: 'Has a user whom ROQ has lost made there anew',
  details:
    'Only where ROQ has nobody of the reference. What ROQ alone knew of the user, such as roles, does not come back.',
  words: ['reference', 'parked'],
  run: (call) => {
    const [reference = ''] = call.args;
    return runLinkCommand(call, { command: 'recreate', reference }, ({ record }) => {
      const gone = `${plain(reference)}: the record lets go of the ROQ user ${record?.roqId ?? '–'}`;
      return record?.facts.deleted?.value === true
        ? `${gone}; nobody is made, for the provider deleted the user. Do it?`
        : `${gone}, and a new one is made from what is recorded. Do it?`;
    });
  },
};
