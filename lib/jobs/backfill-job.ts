// What a backfill is: where its lines come from, and how far it is.

import { type BackfillReport, emptyReport } from './backfill-report.ts';

export type BackfillJob = {
  readonly is: 'backfill';
  /** Off: it only says what it would do. */
  readonly apply: boolean;
  /** `sender`: the lines come along with each call. */
  readonly source: FileSource | { readonly from: 'sender' };
  /** Whose users they are; null or left out: the file does not say, and claims nobody. */
  readonly provider?: string | null;
  /** The last line that is done. */
  readonly line: number;
  readonly isRead: boolean;
  readonly report: BackfillReport;
};

export type FileSource = {
  readonly from: 'url';
  /** Empty once the job is over: who has a presigned address has the file. */
  readonly url: string;
  readonly shape: string;
  /** When the file was made, for users who bear no time of their own; in milliseconds. */
  readonly exportedAtMs: number | null;
  /** Of the file as it was first read: a job goes on only with the same one. */
  readonly version: string | null;
};

/** `provider`: whose users they are; a file of the generic shape may be anybody's. */
export function newBackfill(
  apply: boolean,
  source: BackfillJob['source'],
  provider: string | null,
): BackfillJob {
  const claims = provider === 'generic' ? null : provider;
  return { is: 'backfill', apply, source, provider: claims, line: 0, isRead: false, report: emptyReport };
}
