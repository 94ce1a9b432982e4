#!/usr/bin/env node
// Starts the command line on Node 24, which runs TypeScript as it is, whatever Node the machine has.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('main.ts', import.meta.url);
const major = Number.parseInt(process.versions.node, 10);

if (major >= 24) await import(main.href);
else runOn(fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url)));

function runOn(node) {
  if (!existsSync(node)) {
    process.stderr.write('Run "npm ci" first: it installs the Node that this needs.\n');
    process.exitCode = 2;
    return;
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; whoever kills this one means the other.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code) => {
    process.exitCode = code ?? 130;
  });
}
