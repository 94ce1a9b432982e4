// `roq-sync relink`: links a record to a ROQ user that a person made or chose.

import type { CliCommand } from './command.ts';
import { runLinkCommand } from './link.ts';
import { plain } from './words/plain.ts';

export const relink: CliCommand = {
  name: 'relink',
  args: '<reference> <roqId>',
  takes: ['yes'],
  summary: 'Links a user to another ROQ user, such as one made by hand',
  details:
    'The ROQ user must bear the very same reference. It is made to match what is recorded of the user.',
  words: ['reference'],
  run: (call) => {
    const [reference = '', roqId = ''] = call.args;
    return runLinkCommand(call, { command: 'relink', reference, roqId }, ({ record }) => {
      const place = record?.roqId ? `, in place of ${record.roqId}, which is followed no longer` : '';
      return `${plain(reference)} is linked to the ROQ user ${plain(roqId)}${place}; that is made to match the record. Do it?`;
    });
  },
};
