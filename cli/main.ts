// `roq-sync`: asks the functions for what an operator wants, on this machine or deployed.

import { styleText } from 'node:util';
import type { CliCommand, Result } from './command.ts';
import { commands } from './commands.ts';
import { createInvoke } from './invoke.ts';
import { commonOptions, type Options, optionHelp, readLine } from './options.ts';
import { createProgress } from './progress.ts';
import { exitCodes, Refusal } from './refusal.ts';

// Whoever reads no further, as `head` does, has all that was wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await main(process.argv.slice(2));

async function main(line: readonly string[]): Promise<void> {
  const isJson = line.includes('--json');
  try {
    const { words, options } = readLine(line);
    const [name, ...rest] = words;
    if (name === undefined) return options.help ? say(helpOfAll()) : complainWithHelp();
    const command = findCommand(name);
    if (options.help) return say(helpOf(command));
    checkUsage(command, rest, options);
    whenStopped(command);
    const progress = createProgress(process.stderr.isTTY && !isJson);
    const invoke = createInvoke(options, process.env);
    finish(await command.run({ words: rest, options, invoke, progress }), isJson);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    refuse(error, isJson);
  }
}

function findCommand(name: string): CliCommand {
  const command = commands.find((candidate) => candidate.name === name);
  if (command) return command;
  const names = commands.map((candidate) => candidate.name).join(', ');
  throw new Refusal('wrongUsage', `There is no command "${name}". There are: ${names}.`);
}

function checkUsage({ name, words, takes }: CliCommand, given: readonly string[], options: Options): void {
  const expected = words.match(/[<[][^\]>]+[\]>]/g) ?? [];
  const needed = expected.filter((word) => word.startsWith('<'));
  if (given.length > expected.length || given.length < needed.length || given.includes('')) {
    throw new Refusal('wrongUsage', `Usage: roq-sync ${name} ${words}`.trimEnd());
  }
  const foreign = (Object.keys(options) as (keyof Options)[]).find(
    (option) => !takes.includes(option) && !commonOptions.some((common) => common === option),
  );
  if (foreign) throw new Refusal('wrongUsage', `${name} takes no --${foreign}. See roq-sync ${name} --help.`);
}

function whenStopped({ ifStopped = 'Stopped.' }: CliCommand): void {
  process.once('SIGINT', () => {
    process.stderr.write(`\n${ifStopped}\n`);
    process.exit(130);
  });
}

function finish({ document, text, needsPerson }: Result, isJson: boolean): void {
  say(isJson ? JSON.stringify(document) : text);
  process.exitCode = needsPerson ? exitCodes.needsPerson : exitCodes.fine;
}

function refuse({ code, message, exitCode }: Refusal, isJson: boolean): void {
  if (isJson) say(JSON.stringify({ error: { code, message } }));
  else process.stderr.write(`${message}\n`);
  process.exitCode = exitCode;
}

function complainWithHelp(): void {
  process.stderr.write(`${helpOfAll()}\n`);
  process.exitCode = exitCodes.wrongUsage;
}

function helpOfAll(): string {
  const width = Math.max(...commands.map(({ name, words }) => name.length + words.length)) + 3;
  const rows = commands.map(({ name, words, says }) => `  ${`${name} ${words}`.padEnd(width)}${says}`);
  return `Usage: roq-sync <command> [options]

Looks after the users that roq-sync keeps in step: of npm start on this machine, or of a deployment.

${styleText('bold', 'Commands')}
${rows.join('\n')}

${styleText('bold', 'Options')} of all commands; roq-sync <command> --help has its own
${optionRows(commonOptions)}

${styleText('bold', 'Exit codes')}
  0  fine
  1  something needs a person: out of step, held or parked users, invalid lines, a failed check
  2  the command is wrong; nothing was done
  3  the functions could not be reached, or failed
  130  stopped by Ctrl-C`;
}

function helpOf({ name, words, says, help, takes }: CliCommand): string {
  return [
    `Usage: roq-sync ${name} ${words}`.trimEnd(),
    '',
    `${says}.`,
    ...(help ? [help] : []),
    '',
    optionRows([...takes, ...commonOptions]),
  ].join('\n');
}

function optionRows(names: readonly (keyof Options)[]): string {
  return names.map((name) => `  ${optionHelp[name][0].padEnd(18)}${optionHelp[name][1]}`).join('\n');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
