// `roq-sync status`: the state of one user, or of all.

import type { UserStatus } from '../lib/operate/status.ts';
import { type FactName, factNames } from '../lib/user.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { historyTable } from './history.ts';
import { showOverview } from './overview.ts';
import { type Cell, table } from './table.ts';
import { count, plain } from './words/plain.ts';
import { reason } from './words/reasons.ts';
import { whenCell } from './words/time.ts';
import {
  fieldOf,
  heldReason,
  keptUser,
  nextOf,
  remediesOf,
  shutOutText,
  toValue,
  verdictOf,
} from './words/user.ts';

export const status: CliCommand = {
  name: 'status',
  args: '[reference]',
  takes: [],
  summary: 'The state of one user, or of all',
  details: 'With a reference: each fact with its time, what ROQ has right now, and why the two differ.',
  words: ['reference', 'waiting', 'parked', 'held', 'ceiling'],
  run: (call) => (call.args[0] === undefined ? showOverview(call) : showUser(call, call.args[0])),
};

async function showUser({ invoke }: Call, reference: string): Promise<Result> {
  const found = await invoke<UserStatus>('operate', { command: 'status', reference });
  return { document: found, text: toText(found), needsPerson: found.inStep !== true };
}

function toText(status: UserStatus): string {
  const title: Cell = { text: plain(status.reference), style: 'bold' };
  return [
    table([[title, toVerdict(status)]], { indent: '' }),
    ...(status.record ? ['', factTable(status)] : []),
    '',
    table(toRows(status)),
    ...(status.record?.history.length ? ['', historyTable(status.record.history)] : []),
  ].join('\n');
}

function toVerdict(status: UserStatus): Cell {
  const { text, is } = verdictOf(status);
  return { text, style: styles[is] };
}

const styles = { good: 'green', unsure: 'yellow', bad: 'red' } as const;

function factTable(status: UserStatus): string {
  const rows = factNames.map((name) => toFactRow(status, name)).filter((row) => row !== null);
  return rows.length > 0
    ? table(rows, { header: ['fact', 'told', 'when', 'ROQ has'] })
    : '  No event told anything.';
}

function toFactRow(status: UserStatus, name: FactName): readonly Cell[] | null {
  const fact = status.record?.facts[name];
  if (!fact) return null;
  const field = fieldOf(name);
  const told = toValue(fact.value);
  const observed = toValue(keptUser(status)?.state[field]);
  const text = field === name ? observed : `${field}: ${observed}`;
  const isOff = status.differs.includes(field);
  return [name, told, whenCell(fact.at), isOff ? { text, style: 'red' } : text === told ? 'the same' : text];
}

function toRows(status: UserStatus): readonly (readonly string[])[] {
  const { record, roq, duplicates } = status;
  const rows: (readonly string[])[] = [];
  const shutOut = shutOutText(status);
  if (shutOut !== null) rows.push(["can't log in", shutOut]);
  if (record?.queue) {
    const since = `${record.queue} since ${whenCell(record.pendingSince)}`;
    rows.push(['queue', `${since}, ${nextOf(record)}`]);
    if (record.reason) rows.push(['held because', heldReason(record)]);
    if (record.lastError) {
      rows.push(['last error', `${reason(record.lastError)}, ${count(record.attempts, 'attempt')}`]);
    }
  }
  if (record?.lease)
    rows.push(['leased', `to another process, until ${whenCell(record.lease.untilMs)} at the latest`]);
  const kept = keptUser(status);
  const found = kept ? `${kept.id}, created ${whenCell(Date.parse(kept.createdAt))}` : 'has no such user';
  rows.push(['ROQ', roq.answered ? found : reason(roq.code)]);
  if (status.todo === 'ask') rows.push(...remediesOf(status));
  if (duplicates.length > 0) rows.push(['duplicates', duplicates.join(', ')]);
  return rows;
}
