// `roq-sync audit`: compares every record with ROQ, and every ROQ user with the records.

import type { JobView } from '../lib/jobs/job-view.ts';
import type { CliCommand } from './command.ts';
import { follow, needsPerson } from './job.ts';
import { toReport } from './job-text.ts';

export const audit: CliCommand = {
  name: 'audit',
  words: '',
  takes: ['apply', 'adopt'],
  says: 'Compares every record with ROQ, and every ROQ user with the records',
  help: 'It goes on without this command: Ctrl-C stops nothing but the waiting.',
  ifStopped: 'The audit goes on; roq-sync jobs shows it.',
  run: async (call) => {
    const { apply = false, adopt = false } = call.options;
    const id = `audit-${new Date().toISOString()}`;
    const view = await follow(call, id, () =>
      call.invoke<JobView>('operate', { command: 'audit', apply, adopt, job: id }),
    );
    return { document: view, text: toReport(view), needsPerson: needsPerson(view) };
  },
};
