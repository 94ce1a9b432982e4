// One structured line a thing that happened: ids, codes and milliseconds, never payloads, secrets or personal data.

import type { ErrorCode } from './errors.ts';

export type EventLine = {
  readonly message: 'event';
  readonly provider: string;
  readonly eventId: string | null;
  readonly kind: string | null;
  readonly reference: string | null;
  readonly outcome: string;
  readonly code: ErrorCode | null;
  /** The class of the error behind the code, such as a time-out's; its message may hold data. */
  readonly cause: string | null;
  readonly roqMs: number;
  readonly storeMs: number;
};

export type DuplicatesLine = {
  readonly message: 'duplicates';
  readonly reference: string;
  readonly roqIds: readonly string[];
};

export type FailureLine = {
  readonly message: 'failure';
  readonly code: ErrorCode;
  readonly cause: string | null;
};

/** How many records one run of the schedule brought to which end. */
export type DrainLine = {
  readonly message: 'drain';
  readonly done: number;
  readonly waiting: number;
  readonly retry: number;
  readonly parked: number;
  readonly held: number;
  readonly lost: number;
};

/** An audit or a backfill is over; with the counts of its report. */
export type JobLine = {
  readonly message: 'job';
  readonly id: string;
  readonly is: 'audit' | 'backfill';
  readonly state: string;
  readonly code: string | null;
  readonly [count: string]: string | number | null;
};

export type LogLine = EventLine | DuplicatesLine | FailureLine | DrainLine | JobLine;

export type Log = (line: LogLine) => void;

/** Writes a line to stdout, which Lambda takes to CloudWatch. */
export function log(line: LogLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The class name of what caused an error, the only part of it that is safe to log. */
export function causeName({ cause }: Error): string | null {
  return cause instanceof Error ? cause.name : null;
}
