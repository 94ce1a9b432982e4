// esbuild plugins: of all providers and directories only those that the stage's settings name go into the bundles, which are
// a quarter smaller for it and imported sooner; and the stage's mapping goes into them.

import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { readMappingSettings } from '../lib/mapping/settings.ts';

/** What of a stage's settings goes into the bundles. */
export type StageSettings = {
  readonly environment: { readonly PROVIDERS?: string };
  readonly directory?: { readonly DIRECTORIES?: string };
  readonly mapping?: unknown;
};

export function pluginsFor({ environment, directory, mapping }: StageSettings): Plugin[] {
  return [
    onlyProviders(environment.PROVIDERS ?? ''),
    onlyDirectories(directory?.DIRECTORIES ?? ''),
    withMapping(mapping),
  ];
}

const language = './compile.ts';

/** The mapping goes into the bundles as it is written, and so the two always belong together. */
export function withMapping(written: unknown): Plugin {
  const settings = readMappingSettings(written);
  return {
    name: 'mapping',
    setup: ({ onLoad }) => {
      if (!settings) return;
      onLoad({ filter: /[\\/]lib[\\/]mapping[\\/]configured\.ts$/ }, () => ({
        contents: [
          `import { compileMapping } from '${language}';`,
          `export const mapping = compileMapping(${JSON.stringify(settings)});`,
        ].join('\n'),
        loader: 'ts',
      }));
    },
  };
}

/** `setting`: as in PROVIDERS. Where it stands elsewhere, or is empty, all providers remain. */
export function onlyProviders(setting: string): Plugin {
  // A provider's file bears its name.
  return onlyNamed('registry', 'providers', /^import \{ (\w+) \} from '.*\/([\w-]+)\.ts';$/gm, setting);
}

/** `setting`: as in DIRECTORIES. Where it stands elsewhere, or is empty, all directories remain. */
export function onlyDirectories(setting: string): Plugin {
  // A directory's folder bears its name.
  return onlyNamed(
    'directories',
    'directories',
    /^import \{ (\w+) \} from '\.\/([\w-]+)\/directory\.ts';$/gm,
    setting,
  );
}

function onlyNamed(file: string, list: string, imports: RegExp, setting: string): Plugin {
  const names = [...new Set(setting.split(/\s+/).filter(Boolean))];
  const areKnown = names.length > 0 && !setting.startsWith('ssm:');
  return {
    name: `only-${list}`,
    setup: ({ onLoad }) => {
      if (!areKnown) return;
      onLoad({ filter: new RegExp(`[\\\\/]lib[\\\\/]providers[\\\\/]${file}\\.ts$`) }, async ({ path }) => {
        const found = [...(await readFile(path, 'utf8')).matchAll(imports)];
        const kept = found.filter(([, , name]) => names.includes(name ?? ''));
        const exported = kept.map(([, one]) => one).join(', ');
        const contents = [...kept.map(([line]) => line), `export const ${list} = [${exported}];`].join('\n');
        return { contents, loader: 'ts' };
      });
    },
  };
}
