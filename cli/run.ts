// Runs one command line, wherever it was typed.

import type { CliCommand, Result, Terminal } from './command.ts';
import { readLine } from './command-line.ts';
import { createInvoke } from './invoke.ts';
import type { Options } from './options.ts';
import { createProgress } from './progress.ts';
import { exitCodes, Refusal } from './refusal.ts';
import { paragraph, toJson } from './table.ts';

/** Does what the line says, and answers the exit code: `roq-sync --help` lists them. */
export async function runLine(line: readonly string[], terminal: Terminal): Promise<number> {
  const isJson = line.includes('--json');
  try {
    const asked = readLine(line);
    if (typeof asked === 'string') return help(asked, terminal);
    const { command, args, options } = asked;
    endOnCtrlC(command, options, terminal);
    const progress = createProgress(terminal.isWatched && !isJson);
    const invoke = createInvoke(options, terminal.environment);
    return finish(await command.run({ args, options, invoke, progress, terminal }), isJson, terminal);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refuse(error, isJson, terminal);
  }
}

function help(text: string, { say }: Terminal): number {
  say(text);
  return exitCodes.fine;
}

function endOnCtrlC({ ifStopped = 'Stopped.' }: CliCommand, options: Options, terminal: Terminal): void {
  terminal.onCtrlC(() => {
    terminal.warn(`\n${typeof ifStopped === 'string' ? ifStopped : ifStopped(options)}`);
    return exitCodes.stopped;
  });
}

function finish({ document, text, needsPerson }: Result, isJson: boolean, { say }: Terminal): number {
  say(isJson ? toJson(document) : text);
  return needsPerson ? exitCodes.needsPerson : exitCodes.fine;
}

function refuse({ code, message, exitCode }: Refusal, isJson: boolean, terminal: Terminal): number {
  if (isJson) terminal.say(toJson({ error: { code, message } }));
  else terminal.warn(paragraph(message, terminal.columns));
  return exitCode;
}
