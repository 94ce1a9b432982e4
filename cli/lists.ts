// `roq-sync pending` and its like: the users of a queue and why they are there, what audits found, and the jobs.

import type { Listing, ListName } from '../lib/operate/listing.ts';
import type { Call, CliCommand, Result } from './command.ts';
import { explainWords, type Term, type Word, withLegend } from './glossary.ts';
import { stateOf } from './job-text.ts';
import { explainCodes } from './reasons.ts';
import { Refusal } from './refusal.ts';
import { type Cell, count, plain, table } from './table.ts';
import { age, until } from './time.ts';

type ListCommand = Pick<CliCommand, 'summary' | 'details'> & { readonly words: readonly Word[] };

const foreignRemedy =
  'What it said was not recorded. If both mean the same person by it, set SHARED_REFERENCES; if not, somebody may have taken an id that is another provider’s: keep them apart by REFERENCE_PREFIXES, and look at that account.';

const lists: Readonly<Record<ListName, ListCommand>> = {
  pending: {
    summary: 'Users who are out of step, and tried again by themselves',
    words: [],
  },
  waiting: {
    summary: 'Users without an e-mail address, which ROQ demands',
    details: 'Their next event may bring one.',
    words: ['waiting'],
  },
  parked: {
    summary: 'Users whose data ROQ refuses, or whom it no longer has',
    details:
      'Refused data are tried again once they are corrected at the provider, or by resync; for a user whom ROQ no longer has there are relink and recreate.',
    words: ['parked'],
  },
  held: {
    summary: 'Users whose deactivation is over the ceiling',
    details: 'They stay active until somebody decides, by release or drop. Bans come first, then deletions.',
    words: ['held', 'ceiling'],
  },
  duplicates: {
    summary: 'Further ROQ users of one reference, as of the last audit',
    details: 'One ROQ user of each reference is kept in step; a person must merge the others in ROQ.',
    words: ['reference'],
  },
  strangers: {
    summary: 'ROQ users without a record, as of the last audit',
    details: 'audit --apply --adopt records them.',
    words: ['stranger', 'adopt'],
  },
  foreign: {
    summary: 'Users of whom a provider spoke although another reported them first',
    details: foreignRemedy,
    words: [],
  },
  suspects: {
    summary: 'Users whom the list of their provider does not have, as of the last pull',
    details:
      'Each is asked for by itself. Whom the provider twice says not to have is made inactive by the next pull --apply where DELETIONS is "apply"; else by gone. keep leaves a user as they are.',
    words: ['reference'],
  },
  jobs: {
    summary: 'Audits, backfills and pulls of the last months',
    words: [],
  },
};

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

type Entry = Listing['entries'][number];

/** The oldest first, of jobs the newest; who is held as they come, bans first. */
function inOrder(entries: readonly Entry[]): readonly Entry[] {
  const keyOf = (entry: Entry) => {
    if ('foundAt' in entry) return entry.foundAt;
    if ('state' in entry) return -entry.startedAt;
    if ('since' in entry) return entry.since;
    if ('provider' in entry) return entry.at;
    return 'reason' in entry ? 0 : (entry.pendingSince ?? 0);
  };
  return entries.toSorted((one, other) => keyOf(one) - keyOf(other));
}

const headers: Readonly<Record<ListName, readonly string[]>> = {
  pending: ['reference', 'age', 'tries', 'error', 'next try'],
  waiting: ['reference', 'age'],
  parked: ['reference', 'age', 'tries', 'error'],
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
