// What a command of the command line is.

import type { Invoke } from './invoke.ts';
import type { Options } from './options.ts';
import type { Progress } from './progress.ts';

export type Call = {
  readonly words: readonly string[];
  readonly options: Options;
  readonly invoke: Invoke;
  readonly progress: Progress;
};

export type Result = {
  /** For `--json`. */
  readonly document: unknown;
  /** For people. */
  readonly text: string;
  /** Something is not as it should be, and will not mend itself. */
  readonly needsPerson: boolean;
};

/** Each entry of commands.ts is one. */
export type CliCommand = {
  readonly name: string;
  /** What stands behind the name: `<it must>`, `[it may]`. */
  readonly words: string;
  readonly says: string;
  /** What `--help` has to say beyond that. */
  readonly help?: string;
  /** The options that it takes, besides those that all take. */
  readonly takes: readonly (keyof Options)[];
  readonly run: (call: Call) => Promise<Result>;
  /** Said on Ctrl-C. */
  readonly ifStopped?: string;
};
