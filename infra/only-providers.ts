// An esbuild plugin: of all providers only those that the stage's settings name go into the bundle, which is a quarter
// smaller for it and imported sooner.

import type { Plugin } from 'esbuild';

type Serverless = {
  readonly service: {
    readonly custom: { readonly settings: { readonly environment: { readonly PROVIDERS?: string } } };
  };
};

/** For serverless-esbuild, which hands over the service with its settings. */
export default function pluginsFor({ service }: Serverless): Plugin[] {
  return [onlyProviders(service.custom.settings.environment.PROVIDERS ?? '')];
}

/** `setting`: as in PROVIDERS. Where it stands elsewhere, or is empty, all providers remain. */
export function onlyProviders(setting: string): Plugin {
  const names = [...new Set(setting.split(/\s+/).filter(Boolean))];
  const areKnown = names.length > 0 && !setting.startsWith('ssm:');
  return {
    name: 'only-providers',
    setup: ({ onLoad }) => {
      if (!areKnown) return;
      onLoad({ filter: /[\\/]lib[\\/]providers[\\/]registry\.ts$/ }, () => ({
        contents: registryOf(names),
        loader: 'ts',
      }));
    },
  };
}

// A provider's file bears its name, and exports it in camel case.
function registryOf(names: readonly string[]): string {
  const exported = names.map((name) => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase()));
  const imports = names.map((name, i) => `import { ${exported[i]} } from './${name}.ts';`);
  return `${imports.join('\n')}\nexport const providers = [${exported.join(', ')}];\n`;
}
