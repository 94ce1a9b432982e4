// What is measured is what would be deployed: each contender in one file, built by the options of infra/bundle.ts.

import { statSync } from 'node:fs';
import { build } from 'esbuild';
import { bundleOptions } from '../infra/bundle.ts';
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

/** Peers are built without the aliases and `mainFields`, which nobody has who has not measured them. */
export async function bundle(name: BundleName): Promise<Bundle> {
  const root = new URL('..', import.meta.url).pathname;
  const { mainFields, alias, inject, ...always } = bundleOptions;
  const { entry, isOurs } = contenders[name];
  const path = `${root}.local/bench/${name}.cjs`;
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: path,
    logLevel: 'error',
    ...always,
    // Over TLS, as it is deployed, the SDK does not import node:http, by which Node loads all of its fetch; here it would.
    supported: { 'dynamic-import': false },
    ...(isOurs && { mainFields, alias, inject, plugins: [onlyProviders('clerk')] }),
  });
  return { path, bytes: statSync(path).size };
}

/** How large the webhook is with so many providers, as in PROVIDERS; '': with all. */
export async function bytesOfWebhook(providers: string): Promise<number> {
  const { outputFiles } = await build({
    ...bundleOptions,
    absWorkingDir: new URL('..', import.meta.url).pathname,
    entryPoints: ['functions/webhook.ts'],
    write: false,
    logLevel: 'error',
    plugins: [onlyProviders(providers)],
  });
  return outputFiles[0]?.contents.length ?? 0;
}
