// How the functions become one file each: so they are deployed, and so the benchmark measures them.

import { type BuildOptions, build, type Plugin } from 'esbuild';

export const bundleOptions = {
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs', // imports as fast as ESM, and needs no shim
  mainFields: ['module', 'main'], // halves the bundle
  alias: {
    // What no function ever calls; each file says how much it saves.
    '@aws-sdk/credential-provider-node': './infra/stand-ins/credentials.ts',
    '@aws-sdk/endpoint-cache': './infra/stand-ins/endpoint-cache.ts',
    '@aws/lambda-invoke-store': './infra/stand-ins/invoke-store.ts',
    '@smithy/core/event-streams': './infra/stand-ins/event-streams.ts',
    graphql: './infra/stand-ins/graphql.ts',
  },
  // Of Node's globals; see there, too.
  inject: ['./infra/stand-ins/headers.ts'],
} satisfies BuildOptions;

type Bundling = {
  readonly absWorkingDir: string;
  readonly outdir: string;
  readonly plugins: Plugin[];
};

/** Writes each function's file and its source map, which it does not point at, below `outdir`. Throws esbuild's BuildFailure. */
export async function bundleFunctions(names: readonly string[], bundling: Bundling): Promise<void> {
  const entryPoints = names.map((name) => `functions/${name}.ts`);
  await build({ ...bundleOptions, ...bundling, entryPoints, sourcemap: 'external', logLevel: 'silent' });
}
