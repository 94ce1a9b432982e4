#!/usr/bin/env node
// Starts the command line, which is TypeScript that Node runs as it is. Node itself may be too old to read main.ts.

if (process.features.typescript) {
  await import('./main.ts');
} else {
  process.stderr.write(
    `Node ${process.versions.node} does not run TypeScript. Install Node 22.22 or newer, or run "npm run -s roq-sync --" where "npm ci" has installed one.\n`,
  );
  process.exitCode = 2;
}
