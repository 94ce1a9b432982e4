// `roq-sync backfill`: an exported file's users, planned first, then applied.

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
  words: '[file]',
  takes: ['provider', 'exported-at', 'url', 'from', 'apply', 'yes'],
  says: "Takes a provider's exported users, from a file or --url; --from roq adopts ROQ's",
  help: [
    'NDJSON, JSON or CSV, gzip or not. It prints the plan, and with --apply asks before it does it.',
    `Providers: ${shapes.map(({ name }) => name).join(', ')}.`,
    "docs/backfill.md has each one's files, and the columns of a file of your own.",
    'Invalid lines are named and skipped; in a JSON array, a line is an element.',
    'Stopped anywhere and started again, it goes on where it was: nothing is done twice, nothing left out.',
  ].join('\n'),
  ifStopped: 'Stopped; what is done is done. The same command goes on from there.',
  run: async (call) => {
    const { apply, yes } = call.options;
    if (apply) mustBeSure(yes);
    const run = await toRun(call);
    const plan = await run(false);
    if (!apply) return toResult(plan, null);
    call.progress.clear();
    if (!call.options.json) process.stdout.write(`${toReport(plan)}\n\n`);
    if (!yes && (await ask('Apply this? [y/N] ')).toLowerCase() !== 'y') {
      return { ...toResult(plan, null), text: 'Nothing was done.' };
    }
    return toResult(plan, await run(true));
  },
};

function toResult(plan: JobView, applied: JobView | null): Result {
  const last = applied ?? plan;
  return { document: { plan, applied }, text: toReport(last), needsPerson: needsPerson(last) };
}

type Run = (apply: boolean) => Promise<JobView>;

/** Where the users come from. */
async function toRun(call: Call): Promise<Run> {
  const { words, options } = call;
  const [path] = words;
  const { url, from, provider = 'generic', 'exported-at': exportedAt } = options;
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
  if (from !== undefined) return (apply) => runThere(call, { from, apply });
  return (apply) => runThere(call, { url, provider, ...(exportedAt && { exportedAt }), apply });
}

/** A job that the function does by itself. */
async function runThere(
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
