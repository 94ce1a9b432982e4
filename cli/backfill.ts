// `roq-sync backfill`: an exported file's users, planned first, then applied.

import { styleText } from 'node:util';
import type { JobView } from '../lib/jobs/job-view.ts';
import { shapes } from '../lib/providers/exports.ts';
import { ask, mustBeSure } from './ask.ts';
import { openFile, sendFile } from './backfill-file.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { follow, needsPerson } from './job.ts';
import { toReport } from './job-text.ts';
import { Refusal } from './refusal.ts';

export const backfill: CliCommand = {
  name: 'backfill',
  args: '[file]',
  takes: ['provider', 'exportedAt', 'url', 'from', 'apply', 'yes'],
  summary: "Takes a provider's exported users",
  details: [
    'They come from a file, or by --url; --from roq adopts the users that ROQ has.',
    'NDJSON, JSON or CSV, gzip or not. It prints the plan, and with --apply asks before it does it.',
    `Providers: ${shapes.map(({ name }) => name).join(', ')}.`,
    "docs/backfill.md has each one's files, and the columns of a file of your own.",
    'Invalid lines are named and skipped; in a JSON array, a line is an element.',
    'A file that is sent from here stops with the command; the same command goes on where it was, and nothing is done twice. One of --url goes on by itself until cancel.',
  ].join('\n'),
  words: ['waiting', 'parked', 'held', 'adopt'],
  ifStopped: ({ url, from }) =>
    url !== undefined || from !== undefined
      ? 'The job goes on without this command: roq-sync jobs shows it, roq-sync cancel ID ends it.'
      : 'Stopped; what is done is done. The same command goes on from there.',
  run: async (call) => {
    const { apply, yes } = call.options;
    if (apply) mustBeSure(yes);
    const run = await toRun(call);
    const plan = await run(false);
    if (!apply) return toResult(plan, null);
    call.progress.clear();
    if (!call.options.json) call.terminal.say(`${toReport(plan)}\n`);
    const warning = warnAboveCeiling(plan);
    if (warning) call.terminal.warn(styleText('red', warning, { stream: process.stderr }));
    const question = `Apply this${warning ? ' all the same' : ''}? [y/N] `;
    if (!yes && (await ask(question)).toLowerCase() !== 'y') {
      return { ...toResult(plan, null), text: 'Nothing was done.' };
    }
    return toResult(plan, await run(true));
  },
};

/** What a person is told of a plan that shuts out more users than the ceiling lets through; '' for any other. */
function warnAboveCeiling(plan: JobView): string {
  if (plan.is !== 'backfill' || !plan.report.ceiling) return '';
  const { tombstones, disabled, ceiling } = plan.report;
  const shutOut = tombstones + disabled;
  if (shutOut <= ceiling.room) return '';
  return (
    `This deletes ${tombstones} and disables ${disabled}: more users than the ${ceiling.room} that the ceiling lets ` +
    'through now. A file that was read wrongly looks like this.'
  );
}

function toResult(plan: JobView, applied: JobView | null): Result {
  const last = applied ?? plan;
  return { document: { plan, applied }, text: toReport(last), needsPerson: needsPerson(last) };
}

type Run = (apply: boolean) => Promise<JobView>;

/** Plans or applies the source that is named. @throws Refusal unless exactly one is */
async function toRun(call: Call): Promise<Run> {
  const { args, options } = call;
  const [path] = args;
  const { url, from, provider = 'generic', exportedAt } = options;
  const sources = [path, url, from].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw new Refusal(
      'wrongUsage',
      'One of FILE, --url and --from must be there. See roq-sync backfill --help.',
    );
  }
  if (path !== undefined) {
    const file = await openFile(path, provider, exportedAt);
    return (apply) => sendFile(call, file, apply);
  }
  if (from !== undefined) return (apply) => runJob(call, { from, apply });
  return (apply) => runJob(call, { url, provider, ...(exportedAt && { exportedAt }), apply });
}

/** A job for which the function reads the users itself. */
async function runJob(
  call: Call,
  input: { readonly apply: boolean; readonly [member: string]: unknown },
): Promise<JobView> {
  const id = `backfill-${new Date().toISOString()}-${input.apply ? 'apply' : 'plan'}`;
  let next: object = { ...input, job: id };
  return follow(call, id, async () => {
    const view = await call.invoke<JobView>('backfill', next);
    next = { job: id };
    return view;
  });
}
