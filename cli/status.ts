// `roq-sync status`: how it stands with one user, or with all.

import { styleText } from 'node:util';
import type { Queue } from '../lib/dynamodb/record.ts';
import type { JobView } from '../lib/jobs/job-view.ts';
import type { FoundUser, Overview, UserStatus } from '../lib/operate/status.ts';
import { type FactName, factNames, type RoqFields } from '../lib/user.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { stateOf, toSummary } from './job-text.ts';
import { reason } from './reasons.ts';
import { count, heading, plain, table } from './table.ts';
import { when } from './time.ts';

export const status: CliCommand = {
  name: 'status',
  words: '[reference]',
  takes: [],
  says: 'How it stands with one user, or with all',
  help: 'With a reference: what was told and when, what ROQ holds right now, and why the two differ.',
  run: (call) => (call.words[0] === undefined ? showAll(call) : showOne(call, call.words[0])),
};

async function showOne({ invoke }: Call, reference: string): Promise<Result> {
  const found = await invoke<UserStatus>('operate', { command: 'status', reference });
  return { document: found, text: userText(found), needsPerson: found.inStep !== true };
}

function userText(status: UserStatus): string {
  const { reference, record, roq, duplicates } = status;
  const kept = roq.answered ? roq.users.find(({ isKept }) => isKept) : undefined;
  return [
    `${heading(plain(reference))}  ${verdict(status)}`,
    ...(record ? ['', factTable(status, kept?.state ?? {})] : []),
    '',
    ...(record ? queueLines(record) : []),
    roq.answered ? roqLine(kept) : `  ROQ         ${reason(roq.code)}`,
    ...(duplicates.length > 0 ? [`  duplicates  ${duplicates.join(', ')}`] : []),
  ].join('\n');
}

function verdict({ found, inStep, todo, differs, roq, record }: UserStatus): string {
  if (!found) return styleText('yellow', 'has no record');
  if (inStep) return styleText('green', 'in step');
  if (!roq.answered) return styleText('yellow', 'nobody knows: ROQ does not answer');
  if (todo === 'ask') return styleText('red', 'ROQ no longer has the user');
  if (todo === 'wait') return styleText('yellow', 'waits for an e-mail address');
  const what = todo === 'create' ? 'ROQ does not have the user yet' : `ROQ differs in ${differs.join(', ')}`;
  const why = record?.queue === null ? '; resync repairs it, and so does the daily audit' : '';
  return styleText('red', `out of step: ${what}${why}`);
}

const fieldOf: Partial<Record<FactName, keyof RoqFields>> = {
  emailVerified: 'isOptedIn',
  disabled: 'active',
  deleted: 'active',
};

function factTable({ record, differs }: UserStatus, observed: RoqFields): string {
  const rows = factNames.flatMap((name) => {
    const fact = record?.facts[name];
    const field = fieldOf[name] ?? (name as keyof RoqFields);
    if (!fact) return [];
    const shown = `${field === name ? '' : `${field}: `}${value(observed[field])}`;
    const isOff = differs.includes(field);
    return [[name, value(fact.value), when(fact.at), isOff ? styleText('red', shown) : shown]];
  });
  return rows.length > 0 ? table(rows, ['fact', 'told', 'when', 'ROQ holds']) : '  No event told anything.';
}

function value(of: string | boolean | null | undefined): string {
  if (of === undefined || of === null || of === '') return '–';
  return typeof of === 'boolean' ? (of ? 'yes' : 'no') : plain(of, 40);
}

function queueLines(record: NonNullable<UserStatus['record']>): readonly string[] {
  const { queue, pendingSince, dueAt, attempts, lastError, lease } = record;
  if (queue === null && lease === null) return [];
  return [
    ...(queue ? [`  queue       ${queue} since ${when(pendingSince)}, ${next(queue, dueAt)}`] : []),
    ...(lastError ? [`  last error  ${reason(lastError)}, ${count(attempts, 'attempt')}`] : []),
    ...(lease ? [`  at work     somebody, until ${when(lease.untilMs)} at the latest`] : []),
  ];
}

function next(queue: Queue, dueAt: number | null): string {
  if (queue === 'pending') return `tried again ${when(dueAt)}`;
  if (queue === 'held') return 'over the ceiling: until release, or drop';
  return queue === 'parked' ? 'until the provider tells better data, or resync' : 'until an address is told';
}

function roqLine(kept: FoundUser | undefined): string {
  if (!kept) return '  ROQ         has no such user';
  return `  ROQ         ${kept.id}, made ${when(Date.parse(kept.createdAt))}`;
}

async function showAll({ invoke }: Call): Promise<Result> {
  const found = await invoke<Overview>('operate', { command: 'status' });
  const { held, parked } = found.queues;
  return { document: found, text: overviewText(found), needsPerson: held.count + parked.count > 0 };
}

function overviewText(overview: Overview): string {
  const { queues, deactivations, heard, lastAudit, ranAt, running } = overview;
  const rows = Object.entries(queues).map(([name, { count, oldestSince }]) => {
    const isBad = count > 0 && (name === 'held' || name === 'parked');
    return [
      name,
      isBad ? styleText('red', `${count}`) : `${count}`,
      count ? `since ${when(oldestSince)}` : '',
    ];
  });
  const { counted, limit } = deactivations;
  // A plan that was broken off is begun anew, and nobody waits for it.
  const going = running.filter((job) => job.apply || stateOf(job) === 'running');
  return [
    ...[heading('Out of step'), table(rows), ''],
    `${heading('Deactivations this hour')}  ${counted} of at most ${limit}`,
    `${heading('Schedule')}  last ran: ${when(ranAt)}`,
    `${heading('Last audit')}  ${lastAudit ? auditText(lastAudit) : 'none yet'}`,
    ...(going.length > 0 ? [heading('Not over'), ...going.map((job) => `  ${toSummary(job)}`)] : []),
    heading('Last heard of'),
    heard.length > 0 ? table(heard.map(({ provider, at }) => [plain(provider), when(at)])) : '  nobody yet',
  ].join('\n');
}

function auditText(job: JobView): string {
  return `${when(job.startedAt)}: ${toSummary(job)}`;
}
