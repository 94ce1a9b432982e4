// What `roq-sync status` says of all users.

import type { Overview } from '../lib/operate/status.ts';
import packageJson from '../package.json' with { type: 'json' };
import type { Call, Result } from './command.ts';
import { withLegend } from './legend.ts';
import { type Cell, heading, table } from './table.ts';
import { explainWords, type Word } from './words/glossary.ts';
import { stateOf, toSummary } from './words/jobs.ts';
import { count, plain } from './words/plain.ts';
import { explainStop, reason } from './words/reasons.ts';
import { whenCell } from './words/time.ts';

/** The queues, the ceiling, the schedule, jobs, and when each provider's last event came. */
export async function showOverview({ invoke }: Call): Promise<Result> {
  const found = await invoke<Overview>('operate', { command: 'status' });
  const { held, parked } = found.queues;
  const needsPerson =
    held.count + parked.count + found.misconfigured.length > 0 || findOutage(found, Date.now()) !== null;
  return { document: found, text: toText(found), needsPerson };
}

function toText(overview: Overview): string {
  const lines = [
    heading('Out of step'),
    toQueues(overview),
    '',
    table(toRows(overview), { indent: '' }),
    '',
    ...toUnfinished(overview),
    ...toMisconfigured(overview),
    heading('Last events'),
    toProviders(overview),
  ];
  const words = explained.filter((word) => overview.queues[word].count > 0);
  return withLegend(lines.join('\n'), explainWords(words));
}

// What passes within this time is no outage.
const outageMs = 5 * 60_000;

/** The reason for which users have been out of step for longer than a hiccup; null where there is none. */
function findOutage({ failing }: Overview, nowMs: number): Overview['failing'][number] | null {
  return failing.find(({ since }) => since !== null && nowMs - since > outageMs) ?? null;
}

const explained = ['waiting', 'parked', 'held'] as const satisfies readonly Word[];

function toQueues({ queues }: Overview): string {
  const rows = Object.entries(queues).map(([name, { count, oldestSince }]): readonly Cell[] => {
    const needsPerson = count > 0 && (name === 'held' || name === 'parked');
    const number = needsPerson ? ({ text: String(count), style: 'red' } as const) : String(count);
    return [name, number, count > 0 ? `since ${whenCell(oldestSince)}` : ''];
  });
  return table(rows);
}

function toRows(overview: Overview): readonly (readonly Cell[])[] {
  const { deactivations, ranAt, lastAudit, lastBackfill, lastPulls, suspects, foreign } = overview;
  const title = (text: string) => ({ text, style: 'bold' }) as const;
  const { counted, limit } = deactivations;
  const audit = lastAudit ? `${whenCell(lastAudit.startedAt)}: ${toSummary(lastAudit)}` : 'none yet';
  const outage = findOutage(overview, Date.now());
  return [
    ...(outage ? [[title('Trouble'), toTrouble(outage)]] : []),
    [title('Deactivations this hour'), `${counted} of a ceiling of ${limit}`],
    [title('Schedule'), `last ran: ${whenCell(ranAt)}`],
    [title('Version'), toVersion(overview.version)],
    [title('Last audit'), audit],
    ...(lastBackfill
      ? [[title('Last backfill'), `${whenCell(lastBackfill.startedAt)}: ${toSummary(lastBackfill)}`]]
      : []),
    ...lastPulls.map((pull): readonly Cell[] => [
      title(`Last pull of ${plain(pull.provider)}`),
      toPull(pull),
    ]),
    ...(suspects > 0 ? [[title('Not in the list'), `${suspects}: see roq-sync suspects`]] : []),
    ...(foreign > 0
      ? [[title("Other providers' users"), `${foreign} in a month: see roq-sync foreign`]]
      : []),
  ];
}

/** A version of before says nothing of it. */
function toVersion(version = 'unknown'): Cell {
  if (version === packageJson.version) return version;
  return { text: `${version}; this command line is ${packageJson.version}`, style: 'yellow' };
}

function toTrouble({ code, count: users, since }: Overview['failing'][number]): Cell {
  const what = `${reason(code)}: ${count(users, 'user waits', 'users wait')} for it, since ${whenCell(since)}`;
  return { text: `${what}. They are tried again by themselves; roq-sync doctor says more.`, style: 'red' };
}

function toPull(pull: Overview['lastPulls'][number]): Cell {
  const { report, startedAt } = pull;
  const text = `${whenCell(startedAt)}: ${toSummary(pull)}`;
  return report.stopped ? { text: `${text}; ${explainStop(report.stopped)}`, style: 'red' } : text;
}

function toUnfinished({ running }: Overview): readonly string[] {
  // A plan that was broken off is not resumed: the next run makes a new one.
  const jobs = running.filter((job) => job.apply || stateOf(job) === 'running');
  return jobs.length > 0 ? [heading('Unfinished jobs'), table(jobs.map((job) => [toSummary(job)]))] : [];
}

function toMisconfigured({ misconfigured }: Overview): readonly string[] {
  if (misconfigured.length === 0) return [];
  const rows = misconfigured.map(({ provider, faults }) => [
    { text: plain(provider), style: 'red' } as const,
    plain(faults.join('; '), 300),
  ]);
  return [heading('Wrong settings'), table(rows)];
}

function toProviders({ heard }: Overview): string {
  if (heard.length === 0) return '  none yet';
  const oldestFirst = heard.toSorted((one, other) => one.at - other.at);
  return table(oldestFirst.map(({ provider, at }) => [plain(provider), whenCell(at)]));
}
