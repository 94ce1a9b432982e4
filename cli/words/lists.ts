// The lists of an operator in words, and the order in which they are shown.

import type { Listing, ListName } from '../../lib/operate/listing.ts';
import type { Word } from './glossary.ts';

type ListWords = { readonly summary: string; readonly details?: string; readonly words: readonly Word[] };

export const foreignRemedy =
  'What it said was not recorded. If both mean the same person by it, set SHARED_REFERENCES; if not, somebody may have taken an id that is another provider’s: keep them apart by REFERENCE_PREFIXES, and look at that account.';

export const lists: Readonly<Record<ListName, ListWords>> = {
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

export type Entry = Listing['entries'][number];

/** The oldest first, of jobs the newest; who is held as they come, bans first. */
export function inOrder(entries: readonly Entry[]): readonly Entry[] {
  const keyOf = (entry: Entry) => {
    if ('foundAt' in entry) return entry.foundAt;
    if ('state' in entry) return -entry.startedAt;
    if ('since' in entry) return entry.since;
    if ('provider' in entry) return entry.at;
    return 'reason' in entry ? 0 : (entry.pendingSince ?? 0);
  };
  return entries.toSorted((one, other) => keyOf(one) - keyOf(other));
}
