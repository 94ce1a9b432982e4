// `npm run bench`: how fast, how cheap and how well it grows, beside what one would write otherwise.

import { parseArgs } from 'node:util';
import { audit } from './audit.ts';
import { backfill } from './backfill.ts';
import { coldStart } from './cold-start.ts';
import { cost } from './cost.ts';
import { event } from './event.ts';
import { machine } from './machine.ts';
import { writePlots } from './plots.ts';
import { pull } from './pull.ts';
import { writeReadme } from './readme.ts';
import { type Bench, goalTable, type Report, toText } from './report.ts';
import { verify } from './verify.ts';

const help = `Usage: npm run bench -- [options]

Measures this system beside what one would write otherwise, on this machine, in one run.

  --only NAME    one of event, cold-start, backfill, audit, pull, verify, cost; may be given more than once
  --quick        small sizes and few rounds, to see that it runs: its figures say nothing
  --write        writes the figures into bench/README.md and the plots into bench/plots/
  --profile DIR  writes CPU profiles of the webhook and of the jobs into this folder, for a debugger to open
  --json         print one JSON document
  --help         this text
`;

const options = {
  only: { type: 'string', multiple: true },
  quick: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  profile: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const benches: Readonly<Record<string, Bench>> = {
  event,
  'cold-start': coldStart,
  backfill,
  audit,
  pull,
  verify,
  cost,
};

await main();

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help) return void process.stdout.write(help);
  const names = values.only ?? Object.keys(benches);
  const reports: Record<string, Report> = {};
  for (const name of names) {
    if (!values.json) process.stderr.write(`${name} …\n`);
    reports[name] = await find(name)({ quick: values.quick, profile: values.profile ?? null });
    if (!values.json) for (const table of reports[name].tables) process.stdout.write(toText(table));
  }
  const all = Object.values(reports);
  const run = { ...machine(), command: ['npm run bench --', ...process.argv.slice(2)].join(' '), reports };
  if (values.json) process.stdout.write(`${JSON.stringify(run)}\n`);
  else process.stdout.write(toText(goalTable(all.flatMap(({ goals }) => goals))));
  if (!values.write) return;
  writePlots(all.flatMap(({ plots }) => plots));
  writeReadme(run);
}

function find(name: string): Bench {
  const bench = benches[name];
  if (!bench)
    throw new Error(`There is no benchmark "${name}". There are: ${Object.keys(benches).join(', ')}`);
  return bench;
}
