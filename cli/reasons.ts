// The codes of errors, explained.

import type { ErrorCode } from '../lib/errors.ts';
import type { JobError } from '../lib/jobs/jobs.ts';
import type { Term } from './glossary.ts';

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
