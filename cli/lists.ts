// `roq-sync pending` and its like: who stands in a queue and why, and what audits found.

import type { Queued } from '../lib/dynamodb/record.ts';
import type { JobView } from '../lib/jobs/job-view.ts';
import type { ListedFinding, Listing, ListName } from '../lib/operate/listing.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { stateOf } from './job-text.ts';
import { reason } from './reasons.ts';
import { Refusal } from './refusal.ts';
import { count, plain, table } from './table.ts';
import { when } from './time.ts';

const says: Readonly<Record<ListName, string>> = {
  pending: 'Users whom ROQ is to follow yet; they are tried again by themselves',
  waiting: 'Users without an e-mail address, which ROQ demands; their next event may bring one',
  parked: 'Users whose data ROQ refuses; corrected at the provider, or by resync, they are tried again',
  held: 'Users whose deactivation is over the ceiling; see release and drop',
  duplicates: 'Further ROQ users of one reference, as of the last audit',
  strangers: 'ROQ users that have no record, as of the last audit; see audit --adopt',
  jobs: 'Audits and backfills of the last months',
};

export const lists: readonly CliCommand[] = (Object.keys(says) as ListName[]).map((of) => ({
  name: of,
  words: '',
  says: says[of],
  takes: ['limit'],
  run: (call) => show(call, of),
}));

async function show({ options, invoke }: Call, of: ListName): Promise<Result> {
  const limit = Number(options.limit ?? 100);
  if (!Number.isInteger(limit)) throw new Refusal('wrongUsage', '--limit takes a number.');
  const listing = await invoke<Listing>('operate', { command: 'list', of, limit });
  return { document: listing, text: toText(listing, of), needsPerson: false };
}

function toText({ entries, more }: Listing, of: ListName): string {
  if (entries.length === 0) return `No ${of === 'jobs' || of.endsWith('s') ? of : `users are ${of}`}.`;
  const rows = entries.map((entry) => toRow(entry, of));
  const tail = more ? `\n  … and more: --limit takes up to 1000.` : '';
  return `${table(rows, headerOf(of))}\n${count(entries.length, 'entry', 'entries')}${tail}`;
}

function headerOf(of: ListName): readonly string[] {
  if (of === 'jobs') return ['job', 'state', 'begun', 'last moved', 'does', 'error'];
  if (of === 'duplicates' || of === 'strangers') return ['reference', 'ROQ id', 'found'];
  return ['reference', 'out of step since', 'next attempt', 'attempts', 'last error'];
}

function toRow(entry: Queued | ListedFinding | JobView, of: ListName): readonly string[] {
  if ('foundAt' in entry) return [plain(entry.reference), plain(entry.roqId), when(entry.foundAt)];
  if ('state' in entry) {
    const does = `${entry.is}${entry.apply ? '' : ', changing nothing'}`;
    const { id, startedAt, updatedAt, lastError } = entry;
    return [plain(id, 80), stateOf(entry), when(startedAt), when(updatedAt), does, reason(lastError)];
  }
  const { reference, pendingSince, dueAt, attempts, lastError } = entry;
  return [plain(reference), when(pendingSince), next(of, dueAt), String(attempts), reason(lastError)];
}

// What is not pending stands still until something new is told, or an operator has a hand in it.
function next(of: ListName, dueAt: number | null): string {
  return of === 'pending' ? when(dueAt) : '–';
}
