// How long the webhook's bundle takes to be imported, as CommonJS and as ESM: `node infra/import-time.ts [runs]`.
// A fresh process each time, in turns, so that what else the machine does concerns both alike.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { bundleOptions } from './bundle.ts';

const runs = Number(process.argv[2] ?? 20);
const folder = mkdtempSync(join(tmpdir(), 'import-time-'));
// ESM has no `require`, which parts of the AWS SDK call.
const shim = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
const settings = {
  ROQ_PLATFORM_URL: 'https://roq.example',
  ROQ_ENVIRONMENT_ID: 'e',
  ROQ_API_KEY: 'k',
  PROVIDERS: 'clerk',
  TABLE_NAME: 't',
  STATE_TABLE_NAME: 's',
  CLERK_SECRETS: `whsec_${btoa('x'.repeat(24))}`,
};

const bundles = [await bundle('cjs', 'cjs'), await bundle('esm', 'mjs', shim)];
const times = bundles.map((): number[] => []);
for (let i = 0; i < runs; i++) for (const [j, path] of bundles.entries()) times[j]?.push(importMs(path));
for (const [j, path] of bundles.entries()) console.log(`${path.slice(-3)}: ${describe(times[j] ?? [])}`);
rmSync(folder, { recursive: true });

async function bundle(format: 'cjs' | 'esm', extension: string, banner = ''): Promise<string> {
  const outfile = join(folder, `webhook.${extension}`);
  const entryPoints = ['functions/webhook.ts'];
  await build({ ...bundleOptions, entryPoints, format, banner: { js: banner }, outfile });
  return outfile;
}

function importMs(path: string): number {
  const script = `const startMs = performance.now();
    import(${JSON.stringify(path)}).then(() => console.log(performance.now() - startMs));`;
  return Number(execFileSync(process.execPath, ['-e', script], { env: settings, encoding: 'utf8' }));
}

function describe(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  return `median ${at(0.5)} ms, quartiles ${at(0.25)} and ${at(0.75)} ms, fastest ${at(0)} ms`;
}
