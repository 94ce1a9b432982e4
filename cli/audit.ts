// `roq-sync audit`: compares every record with ROQ, and every ROQ user with the records.

import type { JobView } from '../lib/jobs/job-view.ts';
import type { CliCommand } from './command.ts';
import { follow, needsPerson } from './job.ts';
import { toReport } from './job-text.ts';

export const audit: CliCommand = {
  name: 'audit',
  args: '',
  takes: ['apply', 'adopt'],
  summary: 'Compares every record with ROQ, and ROQ with the records',
  details:
    'With --apply it repairs what differs. It goes on without this command: Ctrl-C ends the waiting alone.',
  words: ['stranger', 'adopt'],
  ifStopped: 'The audit goes on; roq-sync jobs shows it, roq-sync cancel ID ends it.',
  run: async (call) => {
    const { apply = false, adopt = false } = call.options;
    const id = `audit-${new Date().toISOString()}`;
    const view = await follow(call, id, () =>
      call.invoke<JobView>('operate', { command: 'audit', apply, adopt, job: id }),
    );
    return { document: view, text: toReport(view), needsPerson: needsPerson(view) };
  },
};
