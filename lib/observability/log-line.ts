// What a line of the log says: ids, codes and milliseconds, never payloads, secrets or personal data.

import type { ErrorCode, RoqCode } from '../errors.ts';

export type EventLine = {
  readonly message: 'event';
  readonly provider: string;
  readonly eventId: string | null;
  readonly kind: string | null;
  readonly reference: string | null;
  readonly outcome: string;
  readonly code: ErrorCode | null;
  /** Of what was refused: true where it bore no well-formed signature, and so says nothing of our secrets. */
  readonly isUnsigned?: boolean;
  /** The class of the error behind the code, such as a time-out's; its message may hold data. */
  readonly cause: string | null;
  /** Names of members that could not be read, where there are any. */
  readonly unread?: readonly string[];
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

/** Settings that can't work, as they were read last. */
export type SettingsLine = {
  readonly message: 'settings';
  /** Whose they are; null: of the whole function. */
  readonly provider: string | null;
  /** Names of settings and parameters, and what is wrong with them; never a value. */
  readonly faults: readonly string[];
  /** True: those that worked last go on. */
  readonly isKept: boolean;
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

/** An audit, a backfill or a pull is over; with the counts of its report. */
export type JobLine = {
  readonly message: 'job';
  readonly id: string;
  readonly is: 'audit' | 'backfill' | 'pull' | 'unknown';
  /** `set aside`: it is of another version. */
  readonly state: string;
  readonly code: string | null;
  readonly [count: string]: string | number | null;
};

/** What an operator had done to users; `reference` null: to all that a queue holds. */
export type OperateLine = {
  readonly message: 'operate';
  readonly command: string;
  readonly reference: string | null;
};

/** A call to ROQ that failed; with what ROQ said of it, but for its message. */
export type RoqLine = {
  readonly message: 'roq';
  readonly code: RoqCode;
  readonly statusCode: number | null;
  readonly errorCode: string | null;
  readonly errorSubCode: string | null;
};

/** How it stands with all users. */
export type GaugesLine = {
  readonly message: 'gauges';
  readonly pending: number;
  readonly waiting: number;
  readonly parked: number;
  readonly held: number;
  /** As `held`, but 0 for a few minutes every four hours, so that the alarm which watches it rings anew. */
  readonly heldReminder: number;
  /** How long the oldest pending record has been out of step; 0: none is. */
  readonly oldestPendingMs: number;
  /** Deactivations counted in this clock hour, and the ceiling on them. */
  readonly deactivations: number;
  readonly ceiling: number;
  /** How long ago the configured provider that has been silent for longest sent an event; null: none ever did. */
  readonly longestSilenceMs: number | null;
};

export type LogLine =
  | EventLine
  | DuplicatesLine
  | FailureLine
  | SettingsLine
  | DrainLine
  | JobLine
  | OperateLine
  | RoqLine
  | GaugesLine;

export type Log = (line: LogLine) => void;
