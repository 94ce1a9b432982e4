// A function's handler, built from its settings when the first event comes, and again whenever a parameter has changed.

import { UnavailableError } from '../errors.ts';
import { causeName, log } from '../observability/log.ts';
import { freshMs, hasParameters, readParameters } from './parameters.ts';
import type { Environment } from './settings.ts';

/** Builds what the settings say, as of the last minute. Throws as `build` and readParameters do. */
export function createReload<Built>(
  environment: Environment,
  build: (environment: Environment) => Built,
  now: () => number = Date.now,
): () => Promise<Built> {
  let current: { readonly built: Built; readonly text: string } | null = null;
  let freshUntilMs = 0;
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    try {
      const resolved = await readParameters(environment);
      const text = JSON.stringify(resolved);
      if (text !== current?.text) current = { built: build(resolved), text };
      freshUntilMs = hasParameters(environment) ? now() + freshMs : Number.POSITIVE_INFINITY;
    } catch (error) {
      // What worked a minute ago still does, as far as anybody knows.
      if (!current || !(error instanceof UnavailableError)) throw error;
      log({ message: 'failure', code: error.code, cause: causeName(error) });
      freshUntilMs = now() + freshMs;
    }
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
