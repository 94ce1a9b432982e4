// Your own settings for `npm start`: of the shell, and of settings.local.yml in this folder, as a deployment's file has them.

import { existsSync, readFileSync } from 'node:fs';
import * as v from 'valibot';
import { parse } from 'yaml';
import { compileMapping } from '../lib/mapping/compile.ts';
import { type Mapping, noMapping } from '../lib/mapping/mapping.ts';
import { readMappingSettings } from '../lib/mapping/settings.ts';
import { providers } from '../lib/providers/registry.ts';

export type OwnSettings = {
  /** Those of providers, such as the secret of a real one. */
  readonly environment: Readonly<Record<string, string>>;
  readonly mapping: Mapping;
};

const file = new URL('../settings.local.yml', import.meta.url);

const written = v.nullish(
  v.looseObject({
    environment: v.nullish(v.record(v.string(), v.pipe(v.unknown(), v.transform(String)))),
    mapping: v.optional(v.unknown()),
  }),
);

/** @throws ConfigError naming what of the mapping can't work */
export function readOwnSettings(shell: Readonly<Record<string, string | undefined>>): OwnSettings {
  // The scenario's own sender signs as `generic`.
  const others = providers.filter(({ name }) => name !== 'generic');
  const known = new Set(others.flatMap(({ settings }) => Object.keys(settings)));
  const ofFile = v.parse(written, existsSync(file) ? parse(readFileSync(file, 'utf8')) : null);
  const both = { ...ofFile?.environment, ...shell };
  const environment = Object.entries(both).filter(([name, value]) => known.has(name) && value);
  const settings = readMappingSettings(ofFile?.mapping);
  return {
    environment: Object.fromEntries(environment) as Record<string, string>,
    mapping: settings ? compileMapping(settings) : noMapping,
  };
}
