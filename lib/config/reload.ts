// What is built from settings that may change at any time: as they are now, and where they can't work, as they were last.

import { ConfigError, UnavailableError } from '../errors.ts';
import { causeName, log } from '../observability/log.ts';
import { freshMs, readParameters } from './parameters.ts';
import type { Environment } from './settings.ts';

/** A handler, or whatever a function needs, by settings that stand or fall together. Throws as `build` does at first. */
export function createReload<Built>(
  environment: Environment,
  build: (environment: Environment) => Built,
  now: () => number = Date.now,
): () => Promise<Built> {
  const keep = keepLast(build);
  return createRefresh(environment, (resolved) => useKept(keep(resolved)), now);
}

/** What `build` makes of the settings once a minute; as it was while they can't be read. */
export function createRefresh<Built>(
  environment: Environment,
  build: (resolved: Environment) => Built,
  now: () => number = Date.now,
): () => Promise<Built> {
  let current: { readonly built: Built } | null = null;
  let freshUntilMs = 0;
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    try {
      current = { built: build(await readParameters(environment)) };
    } catch (error) {
      // What worked a minute ago still does, as far as anybody knows.
      if (!current || !(error instanceof UnavailableError)) throw error;
      log({ message: 'failure', code: error.code, cause: causeName(error) });
    }
    freshUntilMs = now() + freshMs;
  }

  return async () => {
    if (!current || now() >= freshUntilMs) {
      reading ??= read().finally(() => {
        reading = null;
      });
      await reading;
    }
    if (!current) throw new UnavailableError('settings_unavailable', 'the settings could not be read');
    return current.built;
  };
}

/** What works, null where nothing ever did; and what is wrong with the settings as they are now. */
export type Kept<Built> = { readonly built: Built | null; readonly faults: readonly string[] };

/** Builds when one of `settings` has changed (left out: any), and keeps what worked last where the new ones can't work. */
export function keepLast<Built>(
  build: (environment: Environment) => Built,
  settings?: readonly string[],
): (environment: Environment) => Kept<Built> {
  let last: { readonly built: Built; readonly text: string } | null = null;
  return (environment) => {
    const text = JSON.stringify(settings?.map((name) => environment[name] ?? '') ?? environment);
    if (last?.text === text) return { built: last.built, faults: [] };
    const { built, faults } = attempt(() => build(environment));
    if (built !== null) last = { built, text };
    return { built: last?.built ?? null, faults };
  };
}

/** What is built, or what is wrong with its settings. */
export function attempt<Built>(build: () => Built): Kept<Built> {
  try {
    return { built: build(), faults: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { built: null, faults: error.faults };
  }
}

/** What works, and a line in the log where it is not what the settings say. @throws ConfigError where nothing works */
function useKept<Built>({ built, faults }: Kept<Built>): Built {
  if (built === null) throw new ConfigError(faults);
  if (faults.length > 0) log({ message: 'settings', provider: null, faults, isKept: true });
  return built;
}
