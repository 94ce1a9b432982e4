// What a command of the command line is.

import type { Invoke } from './invoke.ts';
import type { OptionName, Options } from './options.ts';
import type { Progress } from './progress.ts';
import type { Word } from './words/glossary.ts';

/** Where a command was typed. */
export type Terminal = {
  /** Prints the answer, or a part of it. */
  readonly say: (text: string) => void;
  /** Prints what is not the answer. */
  readonly warn: (text: string) => void;
  /** Whether somebody looks at what is not the answer. */
  readonly isWatched: boolean;
  /** How wide what is not the answer may be; infinite where nobody looks. */
  readonly columns: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Has Ctrl-C end the command with the exit code that `end` answers. */
  readonly onCtrlC: (end: () => number) => void;
};

/** One use of a command. */
export type Call = {
  readonly args: readonly string[];
  readonly options: Options;
  readonly invoke: Invoke;
  readonly progress: Progress;
  readonly terminal: Terminal;
};

export type Result = {
  /** For `--json`. */
  readonly document: unknown;
  /** For people. */
  readonly text: string;
  /** Something is not as it should be, and stays so until a person acts. */
  readonly needsPerson: boolean;
};

/** Each entry of commands.ts is one. */
export type CliCommand = {
  readonly name: string;
  /** The arguments after the name: `<required>` or `[optional]`. */
  readonly args: string;
  readonly summary: string;
  /** What `--help` says besides the summary. */
  readonly details?: string;
  /** The words that `--help` explains. */
  readonly words?: readonly Word[];
  /** Its options, besides those of every command. */
  readonly takes: readonly OptionName[];
  readonly run: (call: Call) => Promise<Result>;
  /** Said on Ctrl-C. */
  readonly ifStopped?: string | ((options: Options) => string);
};
