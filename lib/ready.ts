// A function's handler, built from its settings: at once where they all stand in the environment, so that a wrong one
// stops the cold start; else when the first event comes, and anew whenever a parameter has changed.

import { UnavailableError } from './errors.ts';
import { causeName, log } from './log.ts';
import { freshMs, hasParameters, readParameters } from './parameters.ts';
import type { Environment } from './settings.ts';

/** Builds what the settings say; `get` answers it as of the last minute. Throws as `build` and readParameters do. */
export function createReady<Built>(
  environment: Environment,
  build: (environment: Environment) => Built,
  now: () => number = Date.now,
): () => Promise<Built> {
  if (!hasParameters(environment)) {
    const built = build(environment);
    return async () => built;
  }
  let current: { readonly built: Built; readonly text: string } | null = null;
  let readAt = 0;
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    try {
      const resolved = await readParameters(environment);
      const text = JSON.stringify(resolved);
      if (text !== current?.text) current = { built: build(resolved), text };
      readAt = now();
    } catch (error) {
      // What worked a minute ago still does, as far as anybody knows.
      if (!current || !(error instanceof UnavailableError)) throw error;
      log({ message: 'failure', code: error.code, cause: causeName(error) });
      readAt = now();
    }
  }

  return async () => {
    if (!current || now() - readAt >= freshMs) {
      reading ??= read().finally(() => {
        reading = null;
      });
      await reading;
    }
    if (!current) throw new UnavailableError('settings_unavailable', 'the settings could not be read');
    return current.built;
  };
}
