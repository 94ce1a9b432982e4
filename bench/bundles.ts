// What is measured is what would be deployed: each contender in one file, built by the options of serverless.yml.

import { readFileSync, statSync } from 'node:fs';
import { build } from 'esbuild';
import { parse } from 'yaml';
import { onlyProviders } from '../infra/bundle-plugins.ts';

const contenders = {
  ours: { entry: 'functions/webhook.ts', isOurs: true },
  naive: { entry: 'bench/peers/naive.ts', isOurs: false },
  safe: { entry: 'bench/peers/safe.ts', isOurs: false },
  backfill: { entry: 'functions/backfill.ts', isOurs: true },
  reconcile: { entry: 'functions/reconcile.ts', isOurs: true },
  operate: { entry: 'functions/operate.ts', isOurs: true },
  'one-by-one': { entry: 'bench/peers/one-by-one.ts', isOurs: false },
} as const;

export type BundleName = keyof typeof contenders;

export type Bundle = { readonly path: string; readonly bytes: number };

type Options = Readonly<Record<'minify' | 'bundle', boolean>> & {
  readonly platform: 'node';
  readonly target: string;
  readonly format: 'cjs';
  readonly mainFields: string[];
  readonly alias: Record<string, string>;
};

/** Peers are built without the aliases and `mainFields`, which nobody has who has not measured them. */
export async function bundle(name: BundleName): Promise<Bundle> {
  const root = new URL('..', import.meta.url).pathname;
  const file = readFileSync(`${root}serverless.yml`, 'utf8');
  const { custom }: { custom: { esbuild: Options } } = parse(file, { logLevel: 'error' });
  const { minify, platform, target, format, mainFields, alias } = custom.esbuild;
  const { entry, isOurs } = contenders[name];
  const path = `${root}.local/bench/${name}.cjs`;
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: path,
    logLevel: 'error',
    bundle: true,
    minify,
    platform,
    target,
    format,
    ...(isOurs && { mainFields, alias, plugins: [onlyProviders('clerk')] }),
  });
  return { path, bytes: statSync(path).size };
}
