// The configuration of the function that asks providers: which of them, and how each is reached. Apart, so that no other
// function's bundle has the directories in it.

import { attempt } from '../config/reload.ts';
import { choice, type Environment, readSettings, words } from '../config/settings.ts';
import { areExclusive } from '../config/sources.ts';
import type { Directory, DirectoryTraits } from '../directory.ts';
import { ConfigError } from '../errors.ts';
import { directories } from './directories.ts';
import type { DirectoryProvider } from './directory.ts';

/** The settings of the function that asks providers, besides those of each directory. */
export const directorySettings = {
  DIRECTORIES: words('Names of the providers that are asked for their users, separated by spaces.'),
  DELETIONS: choice(
    ['report', 'apply'],
    'What becomes of users whom their provider has no more: "report" only says so, "apply" makes them inactive in ROQ.',
  ),
};

/** A directory that is configured; `directory` null: its settings can't work. */
export type ConfiguredDirectory = {
  readonly traits: DirectoryTraits;
  readonly directory: Directory | null;
  /** What is wrong with its settings; never a value. */
  readonly faults: readonly string[];
};

export type DirectoryConfig = {
  readonly directories: readonly ConfiguredDirectory[];
  readonly deletions: 'report' | 'apply';
  /** Whether users are left alone that another source reported first. */
  readonly isExclusive: boolean;
};

/** Connects each directory by itself: one that can't work keeps none of the others from working. @throws ConfigError */
export function readDirectoryConfig(environment: Environment): DirectoryConfig {
  const { DIRECTORIES, DELETIONS: deletions } = readSettings(directorySettings, environment);
  const chosen = DIRECTORIES.map(findDirectory);
  return {
    directories: chosen.map((provider) => connectDirectory(provider, environment)),
    deletions,
    isExclusive: areExclusive(environment),
  };
}

function findDirectory(name: string): DirectoryProvider {
  const found = directories.find((candidate) => candidate.name === name);
  if (found) return found;
  const known = directories.map((candidate) => candidate.name).join(', ');
  throw new ConfigError([`DIRECTORIES names "${name}", which is none of ${known}`]);
}

function connectDirectory(provider: DirectoryProvider, environment: Environment): ConfiguredDirectory {
  const { built, faults } = attempt(() => provider.connect(readSettings(provider.settings, environment)));
  return { traits: provider, directory: built, faults };
}
