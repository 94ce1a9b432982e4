#!/usr/bin/env node
// Starts the command line, which is TypeScript that Node runs as it is. Node itself may be too old to read main.ts.

import { fileURLToPath } from 'node:url';

if (process.features.typescript) {
  // From the second time on it starts in half the time. Not every Node has it.
  const { enableCompileCache } = await import('node:module');
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)));
  await import('./main.ts');
} else {
  process.stderr.write(
    `Node ${process.versions.node} does not run TypeScript. Install Node 22.22 or newer, or run "npm run -s roq-sync --" where "npm ci" has installed one.\n`,
  );
  process.exitCode = 2;
}
