// `npm start`, in JavaScript that any Node reads: says what is missing before anything is loaded that needs it.

import { existsSync } from 'node:fs';

const missing = ['valibot', 'hono', 'dynalite'].filter(
  (name) => !existsSync(new URL(`../node_modules/${name}`, import.meta.url)),
);

if (missing.length > 0) {
  process.stderr.write('Run "npm ci" first: the packages are not installed.\n');
  process.exitCode = 2;
} else if (!process.features.typescript) {
  process.stderr.write(
    `Node ${process.versions.node} does not run TypeScript. Start it by "npm start", which uses the Node that "npm ci" installed, or install Node 22.22 or newer.\n`,
  );
  process.exitCode = 2;
} else {
  await import('./start.ts');
}
