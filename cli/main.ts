// `roq-sync`: has the functions do what an operator asks for, on this machine or deployed.

import { runLine } from './run.ts';

// A reader such as `head` may close the pipe once it has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await runLine(process.argv.slice(2), {
  say: (text) => process.stdout.write(`${text}\n`),
  warn: (text) => process.stderr.write(`${text}\n`),
  isWatched: process.stderr.isTTY,
  columns: process.stderr.columns || Number.POSITIVE_INFINITY,
  environment: process.env,
  onCtrlC: (end) => process.once('SIGINT', () => process.exit(end())),
});
