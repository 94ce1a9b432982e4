// `roq-sync`: has the functions do what an operator asks for, on this machine or deployed.

import type { CliCommand, Result } from './command.ts';
import { readLine } from './command-line.ts';
import { createInvoke } from './invoke.ts';
import type { Options } from './options.ts';
import { createProgress } from './progress.ts';
import { exitCodes, Refusal } from './refusal.ts';
import { paragraph, toJson } from './table.ts';

// A reader such as `head` may close the pipe once it has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await main(process.argv.slice(2));

async function main(line: readonly string[]): Promise<void> {
  const isJson = line.includes('--json');
  try {
    const asked = readLine(line);
    if (typeof asked === 'string') return say(asked);
    const { command, args, options } = asked;
    endOnCtrlC(command, options);
    const progress = createProgress(process.stderr.isTTY && !isJson);
    const invoke = createInvoke(options, process.env);
    finish(await command.run({ args, options, invoke, progress }), isJson);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(error, isJson);
  }
}

function endOnCtrlC({ ifStopped = 'Stopped.' }: CliCommand, options: Options): void {
  process.once('SIGINT', () => {
    process.stderr.write(`\n${typeof ifStopped === 'string' ? ifStopped : ifStopped(options)}\n`);
    process.exit(130);
  });
}

function finish({ document, text, needsPerson }: Result, isJson: boolean): void {
  say(isJson ? toJson(document) : text);
  process.exitCode = needsPerson ? exitCodes.needsPerson : exitCodes.fine;
}

function refuse({ code, message, exitCode }: Refusal, isJson: boolean): void {
  if (isJson) say(toJson({ error: { code, message } }));
  else process.stderr.write(`${paragraph(message, process.stderr.columns || Number.POSITIVE_INFINITY)}\n`);
  process.exitCode = exitCode;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
