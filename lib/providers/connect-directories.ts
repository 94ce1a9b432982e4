// The configuration of the function that asks providers: which of them, and how each is reached. Apart, so that no other
// function's bundle has the directories in it.

import { attempt } from '../config/reload.ts';
import {
  choice,
  type Environment,
  number,
  optionalWords,
  pairs,
  readSettings,
  words,
} from '../config/settings.ts';
import { areExclusive } from '../config/sources.ts';
import { type Directory, type DirectoryTraits, hourMs } from '../directory.ts';
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
  ASK_AFTER_EVERY_EVENT: optionalWords(
    'Names of those of them that are asked for the user after every event, besides what it tells: where you trust their answers more than their events.',
  ),
  REQUESTS_PER_SECOND: pairs(
    'How many questions a second a provider gets at most, as name=number, where our own pace does not suit: okta=10, say, for an organization with a higher limit.',
  ),
};

// It is the deployment's, as the alarm's is.
const silenceSettings = {
  SILENCE_HOURS: number(
    0,
    { min: 0, max: 8760, isWhole: false },
    'After so many hours of silence an alarm rings.',
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
  /** After which silence of a provider it is pulled: before the alarm on silence rings; null: there is none. */
  readonly silenceMs: number | null;
};

/** Connects each directory by itself: one that can't work keeps none of the others from working. @throws ConfigError */
export function readDirectoryConfig(environment: Environment): DirectoryConfig {
  const { DIRECTORIES, DELETIONS, ASK_AFTER_EVERY_EVENT, ...settings } = readSettings(
    { ...directorySettings, ...silenceSettings },
    environment,
  );
  const chosen = DIRECTORIES.map(findDirectory);
  const paces = readPaces(settings.REQUESTS_PER_SECOND, DIRECTORIES);
  refuseUnasked('ASK_AFTER_EVERY_EVENT', ASK_AFTER_EVERY_EVENT, DIRECTORIES);
  return {
    directories: chosen.map((provider) => connectDirectory(provider, environment, paces)),
    deletions: DELETIONS,
    isExclusive: areExclusive(environment),
    silenceMs: settings.SILENCE_HOURS === 0 ? null : (settings.SILENCE_HOURS * hourMs) / 2,
  };
}

function readPaces(
  texts: Readonly<Record<string, string>>,
  asked: readonly string[],
): ReadonlyMap<string, number> {
  refuseUnasked('REQUESTS_PER_SECOND', Object.keys(texts), asked);
  const paces = Object.entries(texts).map(([name, text]) => [name, Number(text)] as const);
  const wrong = paces.filter(([, pace]) => !(pace >= 0.01 && pace <= 1000)).map(([name]) => name);
  if (wrong.length > 0)
    throw new ConfigError([
      `REQUESTS_PER_SECOND must be from 0.01 to 1000: of ${wrong.join(', ')} it is not`,
    ]);
  return new Map(paces);
}

/** @throws ConfigError */
function refuseUnasked(setting: string, names: readonly string[], asked: readonly string[]): void {
  const unasked = names.filter((name) => !asked.includes(name));
  if (unasked.length > 0)
    throw new ConfigError([`${setting} names ${unasked.join(', ')}, which DIRECTORIES does not`]);
}

function findDirectory(name: string): DirectoryProvider {
  const found = directories.find((candidate) => candidate.name === name);
  if (found) return found;
  const known = directories.map((candidate) => candidate.name).join(', ');
  throw new ConfigError([`DIRECTORIES names "${name}", which is none of ${known}`]);
}

function connectDirectory(
  provider: DirectoryProvider,
  environment: Environment,
  paces: ReadonlyMap<string, number>,
): ConfiguredDirectory {
  const requestsPerSecond = paces.get(provider.name) ?? provider.requestsPerSecond;
  const { built, faults } = attempt(() => provider.connect(readSettings(provider.settings, environment)));
  return { traits: { ...provider, requestsPerSecond }, directory: built, faults };
}
