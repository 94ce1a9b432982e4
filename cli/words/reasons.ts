// The codes of errors, explained.

import type { ErrorCode } from '../../lib/errors.ts';
import type { InvalidReason } from '../../lib/exports/read.ts';
import type { JobError } from '../../lib/jobs/jobs.ts';
import type { PullStop } from '../../lib/jobs/pull-job.ts';
import type { Term } from './glossary.ts';
import { plain } from './plain.ts';

type Code = ErrorCode | JobError;

const meanings: Partial<Record<Code, string>> = {
  roq_unavailable: 'ROQ did not answer',
  roq_throttled: 'ROQ asked for patience',
  roq_ambiguous: 'ROQ did not say whether it made the change',
  roq_refused: 'ROQ refuses this data',
  roq_unauthorized: 'ROQ does not accept our credentials',
  roq_user_missing: 'ROQ no longer has the user',
  store_unavailable: 'DynamoDB did not answer',
  source_unavailable: 'the file could not be read',
  source_slow: 'the file came too slowly to get on with it in one run',
  source_changed: 'the file has changed meanwhile',
  shape_unknown: 'the form of the file is not known',
  record_invalid: 'the record holds what can not be sent to ROQ',
  directory_unavailable: 'the provider did not answer',
  directory_throttled: 'the provider asked for patience',
  directory_unauthorized: 'the provider does not accept our credentials, or they lack a right',
  directory_invalid: 'the provider answered otherwise than its documents say',
  unforeseen: 'a bug: the log of the function has it',
};

/** The code with its meaning; '' for none. */
export function reason(code: Code | null): string {
  if (code === null) return '';
  const meaning = meanings[code];
  return meaning ? `${meaning} (${code})` : code;
}

/** Each code once with its meaning. */
export function explainCodes(codes: readonly (Code | null)[]): readonly Term[] {
  const terms: Term[] = [];
  for (const code of new Set(codes)) {
    const meaning = code && meanings[code];
    if (meaning) terms.push([code, meaning]);
  }
  return terms;
}

/** Why a line is skipped, or a file is not read. */
export const lineMeanings: Readonly<Record<InvalidReason | 'from_the_future', string>> = {
  not_json: 'the line is no JSON',
  not_csv: 'the row has not as many cells as the header, or quotes that do not fit',
  not_utf8: 'the line is not in UTF-8',
  too_long: 'the line has more than 1 MiB',
  shape: 'this member is not what it should be, and nothing can be told without it',
  no_reference: 'there is no id; in a CSV, no column of this name between commas',
  repeated: 'the id of an earlier line: two users may have become one',
  no_time: 'there is no time of change: give that of the export, --exported-at 2026-05-04T12:00:00Z',
  from_the_future: 'the time is ahead of the clock',
  truncated: 'the file breaks off here',
  corrupt: 'the compressed file is damaged here',
  format: 'the provider has no such format',
  not_text: 'the file is no text in UTF-8, but a picture, an archive or the like',
  not_users:
    'these are not users, but what holds them, such as realms or pages: give the file of one realm, ' +
    'and of an export to a folder the files of its users',
  column_twice: 'two columns have this name',
  other_names:
    "the members are named otherwise than the provider's API names them, as SDKs do: export from the API",
  other_provider: 'these are users of another provider: give --provider WHERE',
};

type Fault = { readonly reason: string; readonly where: string | null };

/** Why a line is skipped, and what to do about it; '' for a reason that is not known. */
export function explainLine({ reason, where }: Fault): string {
  const meaning = Object.hasOwn(lineMeanings, reason) ? lineMeanings[reason as InvalidReason] : '';
  return meaning.replace('WHERE', plain(where));
}

/** Each reason once, with what to do about it. */
export function explainLines(faults: readonly Fault[]): readonly Term[] {
  const reasons = [...new Set(faults.map(({ reason }) => reason))];
  const first = reasons.map((reason) => faults.find((fault) => fault.reason === reason));
  const known = first.filter((fault) => fault !== undefined);
  return known
    .map((fault): Term => [fault.reason, explainLine(fault)])
    .filter(([, meaning]) => meaning !== '');
}

const countMeanings: Readonly<Record<string, string>> = {
  'not told': 'members that are not what they should be; the rest of their lines counts',
  tombstones: 'deleted for good, whether or not ROQ has the user: no later event brings them back',
  older:
    'of these users something newer is known than the file says; where its time of change does not move with every ' +
    'change, give the time of the export by --exported-at',
  missed: 'users of whom something was found that no webhook told',
  expected: 'recorded users of this provider who are active, and so must be in its list',
  absent: 'of these, not in the list: each is asked for by itself',
  unlisted: 'absent from the list, and there all the same',
  unanswered: 'absent from the list, and no answer to conclude from',
  'missing once':
    'the provider says that it has no such user: a suspect, until it says so again an hour or more later',
  gone: 'so it said twice: made inactive by pull --apply where DELETIONS is "apply", or by roq-sync gone',
  tombstoned: 'in the list, although an event called them deleted, which stands',
  newer: 'something newer is recorded than what the provider answered',
};

const stopMeanings: Readonly<Record<PullStop, string>> = {
  too_many_changes:
    'it would change one field of more users than the ceiling allows: it planned from there on. Look, then give pull --apply',
  too_many_absent:
    'so many users are not in the list that it is not to be believed: nobody is a suspect for it',
  too_many_gone:
    'more users are gone than the ceiling allows: none was made inactive. Look at roq-sync suspects',
  blind: 'the provider shows us none of those whom it listed: nothing was concluded. Look at the credentials',
};

/** Why a pull did less than it was to do. */
export function explainStop(stop: PullStop): string {
  return stopMeanings[stop];
}

/** What the counts of a job mean that do not speak for themselves. */
export function explainCounts(names: readonly string[]): readonly Term[] {
  return Object.entries(countMeanings).filter(([name]) => names.includes(name));
}
