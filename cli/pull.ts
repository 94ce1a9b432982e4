// `roq-sync pull`: asks a provider for all of its users, and finds what no webhook told.

import type { JobView } from '../lib/jobs/job-view.ts';
import type { Call, CliCommand } from './command.ts';
import { findJob, follow, needsPerson } from './job.ts';
import { toReport } from './job-text.ts';
import { Refusal } from './refusal.ts';

export const pull: CliCommand = {
  name: 'pull',
  args: '',
  takes: ['apply', 'provider'],
  summary: 'Asks a provider for all of its users, and finds what no webhook told',
  details:
    'With --apply ROQ gets what was missed; from then on the scheduled pulls do so too. --provider says which, where several can be asked. It goes on without this command: Ctrl-C ends the waiting alone.',
  words: ['reference', 'held'],
  ifStopped: 'The pull goes on; roq-sync jobs shows it, roq-sync cancel ID ends it.',
  run: async (call) => {
    const { apply = false } = call.options;
    const provider = call.options.provider ?? (await findSole(call));
    const begun = await call.invoke<JobView>('pull', { begin: provider, apply });
    if (begun.apply !== apply) {
      const other = begun.apply ? 'is applied' : 'only plans';
      throw new Refusal(
        'needsPerson',
        `${begun.id} is running, and ${other}. See roq-sync job ${begun.id}`,
        'busy',
      );
    }
    const view = await follow(call, begun.id, () => carryOn(call, begun));
    return { document: view, text: toReport(view), needsPerson: needsPerson(view) };
  },
};

async function findSole({ invoke }: Call): Promise<string> {
  const { directories } = await invoke<{ readonly directories: readonly string[] }>('pull', { list: true });
  const [sole, ...others] = directories;
  if (sole !== undefined && others.length === 0) return sole;
  throw new Refusal('wrongUsage', `Say which by --provider: ${directories.join(', ')}.`);
}

/** One call at a time: where the schedule has it carried on already, that is what is shown. */
async function carryOn(call: Call, begun: JobView): Promise<JobView> {
  try {
    return await call.invoke<JobView>('pull', { job: begun.id });
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'busy') throw error;
    return (await findJob(call, begun.id)) ?? begun;
  }
}
