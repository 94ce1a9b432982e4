// Your own settings for `npm start`: of the shell, and of settings.local.yml in this folder, as a deployment's file has them.

import { existsSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parse } from 'yaml';
import { compileMapping } from '../lib/mapping/compile.ts';
import { type Mapping, noMapping } from '../lib/mapping/mapping.ts';
import { readMappingSettings } from '../lib/mapping/settings.ts';
import { directorySettings } from '../lib/providers/connect-directories.ts';
import { directories } from '../lib/providers/directories.ts';
import { providers } from '../lib/providers/registry.ts';

export type OwnSettings = {
  /** Those of providers, such as the secret of a real one. */
  readonly environment: Readonly<Record<string, string>>;
  /** Those by which providers are asked for their users. */
  readonly directory: Readonly<Record<string, string>>;
  readonly mapping: Mapping;
};

const file = new URL('../settings.local.yml', import.meta.url);

const texts = v.nullish(v.record(v.string(), v.pipe(v.unknown(), v.transform(String))));

const written = v.nullish(
  v.looseObject({
    environment: texts,
    directory: texts,
    mapping: v.optional(v.unknown()),
  }),
);

/** @throws ConfigError naming what of the mapping can't work */
export function readOwnSettings(shell: Readonly<Record<string, string | undefined>>): OwnSettings {
  const ofFile = v.parse(written, existsSync(file) ? parse(readFileSync(file, 'utf8')) : null);
  const settings = readMappingSettings(ofFile?.mapping);
  // The scenario's own sender signs as `generic`.
  const senders = providers.filter(({ name }) => name !== 'generic');
  return {
    environment: only(senders, { ...ofFile?.environment, ...shell }),
    directory: only([{ settings: directorySettings }, ...directories], { ...ofFile?.directory, ...shell }),
    mapping: settings ? compileMapping(settings) : noMapping,
  };
}

/** What of these values is a setting of one of them, and has a value. */
function only(
  known: readonly { readonly settings: object }[],
  values: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const names = new Set(known.flatMap(({ settings }) => Object.keys(settings)));
  const given = Object.entries(values).flatMap(([name, value]) =>
    names.has(name) && value ? [[name, value]] : [],
  );
  return Object.fromEntries(given);
}
