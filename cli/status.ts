// `roq-sync status`: the state of one user, or of all.

import type { RecordStatus, UserStatus } from '../lib/operate/status.ts';
import { type FactName, factNames, type RoqFields } from '../lib/user.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { historyTable } from './history.ts';
import { showOverview } from './overview.ts';
import { reason } from './reasons.ts';
import { type Cell, count, plain, table } from './table.ts';
import { whenCell } from './time.ts';

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

function toVerdict({ found, inStep, todo, differs, roq, record }: UserStatus): Cell {
  if (!found) return { text: 'has no record', style: 'yellow' };
  if (inStep && record?.facts.deleted?.at === Number.MAX_SAFE_INTEGER)
    return { text: 'erased, and in step', style: 'green' };
  if (inStep) return { text: 'in step', style: 'green' };
  if (!roq.answered) return { text: 'unknown: ROQ does not answer', style: 'yellow' };
  if (todo === 'ask') return { text: 'ROQ no longer has the user: a person must decide', style: 'red' };
  if (todo === 'adopt')
    return { text: 'ROQ has another user of this reference: resync links it', style: 'red' };
  if (todo === 'wait') return { text: 'waits for an e-mail address', style: 'yellow' };
  const what = todo === 'create' ? 'ROQ does not have the user yet' : `ROQ differs in ${differs.join(', ')}`;
  const repair = record?.queue === null ? '; resync repairs it, and so does the daily audit' : '';
  return { text: `out of step: ${what}${repair}`, style: 'red' };
}

const fieldOf: Partial<Record<FactName, keyof RoqFields>> = {
  emailVerified: 'isOptedIn',
  disabled: 'active',
  deleted: 'active',
  gone: 'active',
};

function factTable(status: UserStatus): string {
  const rows = factNames.map((name) => toFactRow(status, name)).filter((row) => row !== null);
  return rows.length > 0
    ? table(rows, { header: ['fact', 'told', 'when', 'ROQ has'] })
    : '  No event told anything.';
}

function toFactRow(status: UserStatus, name: FactName): readonly Cell[] | null {
  const fact = status.record?.facts[name];
  if (!fact) return null;
  const field = fieldOf[name] ?? (name as keyof RoqFields);
  const told = toValue(fact.value);
  const observed = toValue(keptUser(status)?.state[field]);
  const text = field === name ? observed : `${field}: ${observed}`;
  const isOff = status.differs.includes(field);
  return [name, told, whenCell(fact.at), isOff ? { text, style: 'red' } : text === told ? 'the same' : text];
}

function toValue(value: string | boolean | null | undefined): string {
  if (value === undefined || value === null || value === '') return '–';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return plain(value, 40);
}

function toRows(status: UserStatus): readonly (readonly string[])[] {
  const { record, roq, duplicates } = status;
  const rows: (readonly string[])[] = [];
  if (record?.queue) {
    const since = `${record.queue} since ${whenCell(record.pendingSince)}`;
    rows.push(['queue', `${since}, ${toNext(record)}`]);
    if (record.reason) rows.push(['held because', toHeldReason(record)]);
    if (record.lastError) {
      rows.push(['last error', `${reason(record.lastError)}, ${count(record.attempts, 'attempt')}`]);
    }
  }
  if (record?.lease)
    rows.push(['leased', `to another process, until ${whenCell(record.lease.untilMs)} at the latest`]);
  const kept = keptUser(status);
  const found = kept ? `${kept.id}, created ${whenCell(Date.parse(kept.createdAt))}` : 'has no such user';
  rows.push(['ROQ', roq.answered ? found : reason(roq.code)]);
  if (status.todo === 'ask') rows.push(...toRemedies(status));
  if (duplicates.length > 0) rows.push(['duplicates', duplicates.join(', ')]);
  return rows;
}

function toNext({ queue, dueAt, lastError }: Pick<RecordStatus, 'queue' | 'dueAt' | 'lastError'>): string {
  if (queue === 'pending') return `tried again ${whenCell(dueAt)}`;
  if (queue === 'held') return 'over the ceiling: until release, or drop';
  if (queue === 'waiting') return 'until an address is known';
  if (lastError === 'roq_user_missing') return 'until ROQ has a user of this reference again, or recreate';
  return 'until the provider sends newer data, or resync';
}

const heldReasons: Readonly<Record<NonNullable<RecordStatus['reason']>, string>> = {
  disabled: 'it was disabled, which is a ban',
  deleted: 'it was deleted',
  gone: 'the provider has it no more',
};

function toHeldReason(record: RecordStatus): string {
  const { sources } = record;
  const what = record.reason === null ? 'it was deactivated' : heldReasons[record.reason];
  const by = sources.length > 0 ? ` (told by ${sources.join(', ')})` : '';
  return `${what}${by}, and the ceiling had no room: ROQ still has it active`;
}

/** What a person can do for a user whom ROQ has lost. */
function toRemedies({ reference, record }: UserStatus): readonly (readonly string[])[] {
  const gone = `The ROQ user ${record?.roqId} that it was linked to was deleted there`;
  const name = plain(reference);
  if (record?.facts.deleted?.value === true) {
    return [
      ['happened', `${gone}, and the provider deleted the user too.`],
      ['settle it', `roq-sync recreate ${name}: nobody is made, and the record lets go of that ROQ user`],
    ];
  }
  return [
    ['happened', `${gone}. Nobody is made in its place unless a person says so.`],
    ['make anew', `roq-sync recreate ${name}: ROQ gets a new user with what is recorded here`],
    [
      'made by hand',
      `roq-sync relink ${name} ROQ_ID: the record is linked to that ROQ user of this reference`,
    ],
    ['leave it', 'delete the user at the provider as well'],
  ];
}

function keptUser({ roq }: UserStatus) {
  return roq.answered ? roq.users.find(({ isKept }) => isKept) : undefined;
}
