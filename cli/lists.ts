// `roq-sync pending` and its like: the users of a queue and why they are there, what audits found, and the jobs.

import type { Listing, ListName } from '../lib/operate/listing.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { withLegend } from './legend.ts';
import { Refusal } from './refusal.ts';
import { type Cell, table } from './table.ts';
import { explainWords, type Term } from './words/glossary.ts';
import { stateOf } from './words/jobs.ts';
import { type Entry, foreignRemedy, inOrder, lists } from './words/lists.ts';
import { count, plain } from './words/plain.ts';
import { explainCodes } from './words/reasons.ts';
import { age, until } from './words/time.ts';

export const listCommands: readonly CliCommand[] = (Object.keys(lists) as ListName[]).map((of) => ({
  ...lists[of],
  name: of,
  args: '',
  takes: ['limit'],
  run: (call) => show(call, of),
}));

async function show({ options, invoke }: Call, of: ListName): Promise<Result> {
  const limit = Number(options.limit ?? 100);
  if (!Number.isInteger(limit)) throw new Refusal('wrongUsage', '--limit takes a number.');
  const listing = await invoke<Listing>('operate', { command: 'list', of, limit });
  const needsPerson = (of === 'parked' || of === 'held') && listing.entries.length > 0;
  return { document: listing, text: toText(listing, of), needsPerson };
}

function toText({ entries, more }: Listing, of: ListName): string {
  if (entries.length === 0) return `No ${of.endsWith('s') ? of : `users are ${of}`}.`;
  const total = count(entries.length, 'entry', 'entries');
  const tail = more ? `${total}, and there are more: --limit takes up to 1000.` : total;
  const rows = inOrder(entries).map((entry) => toRow(entry, of));
  const codes = entries.map((entry) => ('lastError' in entry ? entry.lastError : null));
  const remedies: readonly Term[] = of === 'foreign' ? [['what to do', foreignRemedy]] : [];
  const terms = [...explainWords(lists[of].words), ...explainCodes(codes), ...remedies];
  return withLegend(`${table(rows, { header: headers[of] })}\n${tail}`, terms);
}

const headers: Readonly<Record<ListName, readonly string[]>> = {
  pending: ['reference', 'age', 'tries', 'error', 'next try'],
  waiting: ['reference', 'age'],
  parked: ['reference', 'age', 'tries', 'error', 'refused'],
  held: ['reference', 'why', 'told by', 'event', 'age'],
  duplicates: ['reference', 'age', 'ROQ id'],
  strangers: ['reference', 'age', 'ROQ id'],
  foreign: ['reference', 'provider', 'last'],
  suspects: ['reference', 'provider', 'missing', 'the provider says', 'asked'],
  jobs: ['job', 'state', 'does', 'age', 'last moved', 'error'],
};

function toRow(entry: Entry, of: ListName): readonly Cell[] {
  if ('state' in entry) {
    const { id, apply, startedAt, updatedAt, lastError } = entry;
    const does = apply ? 'apply' : 'plan';
    return [plain(id, 80), stateOf(entry), does, age(startedAt), `${age(updatedAt)} ago`, lastError ?? ''];
  }
  if ('since' in entry) return toSuspectRow(entry);
  if ('provider' in entry) return [plain(entry.reference), plain(entry.provider), `${age(entry.at)} ago`];
  if ('reason' in entry) {
    const { reference, reason, sources, told, pendingSince } = entry;
    const why: Cell = reason === 'disabled' ? { text: 'disabled', style: 'red' } : reason;
    const by = plain(told?.by ?? sources.join(', ')) || '–';
    return [plain(reference), why, by, plain(told?.what ?? '–'), age(pendingSince)];
  }
  if ('foundAt' in entry) return [plain(entry.reference), age(entry.foundAt), plain(entry.roqId)];
  const { reference, pendingSince, dueAt, attempts, lastError } = entry;
  if ('refused' in entry) {
    const { refused } = entry;
    return [
      plain(reference),
      age(pendingSince),
      String(attempts),
      lastError ?? '',
      refused.join(', ') || '–',
    ];
  }
  const row = [plain(reference), age(pendingSince), String(attempts), lastError ?? '', until(dueAt)];
  return row.slice(0, headers[of].length);
}

type Suspect = Extract<Entry, { readonly since: number }>;

function toSuspectRow({ reference, provider, since, goneFrom, goneAt, isKept }: Suspect): readonly Cell[] {
  const isTwice = goneFrom !== null && goneFrom !== goneAt;
  const says: Cell =
    goneFrom === null ? 'nothing yet' : { text: `no such user${isTwice ? ', twice' : ''}`, style: 'red' };
  const asked = goneAt === null ? '–' : `${age(goneAt)} ago`;
  return [plain(reference), plain(provider), age(since), isKept ? 'kept by you' : says, asked];
}
