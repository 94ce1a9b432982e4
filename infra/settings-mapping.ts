// What is wrong under `mapping` in a stage's settings, and what may go wrong, each with its place.

import { attempt } from '../lib/config/reload.ts';
import { compileMapping, findMisfits, type Misfit } from '../lib/mapping/compile.ts';
import type { MappingSettings } from '../lib/mapping/mapping.ts';
import { readMappingSettings } from '../lib/mapping/settings.ts';
import { directories } from '../lib/providers/directories.ts';
import { shapes } from '../lib/providers/exports.ts';
import { providers } from '../lib/providers/registry.ts';

export type MappingCheck = { readonly faults: readonly string[]; readonly warnings: readonly string[] };

// A backfill's rows and Cognito's triggers may be mapped too.
const known = [...providers, ...directories, ...shapes].map(({ name }) => name).concat('cognito');

/** Reads and compiles a mapping, and tries it on every example of its providers. */
export async function checkMapping(written: unknown): Promise<MappingCheck> {
  const { built: settings, faults } = attempt(() => readMappingSettings(written));
  if (!settings) return { faults, warnings: [] };
  const unknown = Object.keys(settings.providers).filter((name) => !known.includes(name));
  const wrong = [
    ...unknown.map((name) => `${name} is no provider`),
    ...attempt(() => compileMapping(settings)).faults,
  ];
  return wrong.length > 0 ? { faults: wrong, warnings: [] } : tryOnExamples(settings);
}

async function tryOnExamples(settings: MappingSettings): Promise<MappingCheck> {
  // All senders, which nobody needs who maps nothing.
  const { originalsOf } = await import('../local/originals.ts');
  const faults: string[] = [];
  const warnings: string[] = [];
  for (const name of Object.keys(settings.providers)) {
    const found = (await originalsOf(name)).flatMap(({ from, original }) =>
      findMisfits(settings, name, original).map((misfit) => ({ ...misfit, from })),
    );
    const kinds = Map.groupBy(found, ({ field, is }) => `${name}.${field} ${meaningOf({ field, is })}`);
    for (const [text, met] of kinds) {
      const list = met[0]?.is === 'another type' ? faults : warnings;
      list.push(`${text}: ${[...new Set(met.map(({ from }) => from))].join(', ')}`);
    }
  }
  return { faults, warnings };
}

function meaningOf({ field, is }: Misfit): string {
  if (is === 'no answer') {
    const effect = field === 'scope' ? 'who are then left out' : 'of whom it then tells nothing';
    return `can't be worked out for some users, ${effect}`;
  }
  if (field === 'scope') return 'is neither true nor false for some users';
  return `is no ${field === 'customData' ? 'object' : 'text'} for some users`;
}
