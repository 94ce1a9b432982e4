// What the console shows: the functions of a deployment, or of `npm start`, which has more to play with.

import type { CommandInput } from '../lib/operate/command.ts';
import type { EventBook } from './event-book.ts';

/** Has the operate function do a command, as the command line does. Throws an error with a message for people. */
export type Operate = <Answer>(command: CommandInput) => Promise<Answer>;

export type System = {
  /** The stage's name; of this machine `local`. */
  readonly stage: string;
  readonly operate: Operate;
  /** What only `npm start` has. */
  readonly local?: Workshop;
};

/** What came of an event that was sent. */
export type Sent = {
  readonly status: number;
  readonly answer: string;
  readonly references: readonly string[];
};

/** A user as the provider's stand-in has them, of whose changes no webhook tells. */
export type UntoldUser = {
  readonly id: string;
  readonly email: string;
  readonly firstName: string;
  readonly emailVerified: boolean;
  readonly disabled: boolean;
};

/** Ways in which ROQ can be broken. */
export const breakages = ['down', 'slow', 'throttling', 'losing answers', 'refusing a field'] as const;

export type Breakage = (typeof breakages)[number];

export type Workshop = {
  readonly events: EventBook;
  /** Every provider with the names of its examples. */
  readonly examples: readonly {
    readonly provider: string;
    readonly title: string;
    readonly names: readonly string[];
  }[];
  readonly send: (choice: {
    readonly provider: string;
    readonly event: string;
    readonly id?: string;
    readonly email?: string;
  }) => Promise<Sent>;
  /** How ROQ fails now; null: not at all. */
  readonly broken: () => Breakage | null;
  readonly breakRoq: (how: Breakage | null) => void;
  /** What EventBridge does every minute. */
  readonly reconcile: () => Promise<void>;
  readonly untold: {
    readonly provider: string;
    readonly users: () => readonly UntoldUser[];
    /** One of `verify`, `disable`, `enable`, `rename`, `delete`, and `add`, which makes one. */
    readonly change: (id: string, change: string) => void;
    /** Begins to ask the provider for all of them, and answers the job's id. */
    readonly pull: () => Promise<string>;
  };
};
