// Reads a command line and writes the help, by commander.

import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import type { CliCommand } from './command.ts';
import { commands } from './commands.ts';
import { withLegend } from './legend.ts';
import { commonOptions, type OptionName, type Options, optionNames, toOption } from './options.ts';
import { Refusal } from './refusal.ts';
import { heading, table } from './table.ts';
import { explainWords } from './words/glossary.ts';
import { plain } from './words/plain.ts';

export type Line = {
  readonly command: CliCommand;
  readonly args: readonly string[];
  readonly options: Options;
};

/** The command of a line, or the text that --help or --version asks for. @throws Refusal */
export function readLine(line: readonly string[]): Line | string {
  const program = createProgram();
  parse(program, line[0] === 'help' ? ['--help', ...line.slice(1)] : line);
  const options = program.opts<Options>();
  const [name, ...args] = program.args;
  const command = findCommand(name);
  if (options.version) return packageJson.version;
  if (options.help) return command ? helpOf(program, command) : helpOfAll(program);
  if (!command) throw new Refusal('wrongUsage', helpOfAll(program));
  checkArgs(command, args);
  checkOptions(command, options);
  return { command, args, options };
}

// The program has every option, so that one may stand before its command too; the options of a command are there for its
// help and for suggestions.
function createProgram(): Command {
  const program = new Command('roq-sync')
    .usage('<command> [options]')
    .description('Looks after the users that roq-sync keeps in step: of npm start here, or of a deployment.')
    .helpOption(false)
    .helpCommand(false)
    .exitOverride()
    // What is wrong is said by the Refusal, once.
    .configureOutput({ writeErr: () => {} })
    .configureHelp({
      minWidthToWrap: 20,
      styleTitle: heading,
      subcommandTerm: (command) => termOf(command.name()),
    });
  for (const name of optionNames) {
    const isShown = name === 'version' || isCommon(name);
    program.addOption(toOption(name).hideHelp(!isShown));
  }
  for (const command of commands) addCommand(program, command);
  return program;
}

function addCommand(program: Command, { name, args, summary, details, takes }: CliCommand): void {
  const command = program.command(name).allowExcessArguments();
  command.usage(`${args} [options]`.trimStart()).summary(summary);
  command.description([`${summary}.`, details].filter(Boolean).join('\n'));
  for (const option of takes) command.addOption(toOption(option));
  for (const option of commonOptions) {
    command.addOption(toOption(option).helpGroup('Options of every command:'));
  }
}

function findCommand(name: string | undefined): CliCommand | undefined {
  return commands.find((command) => command.name === name);
}

function isCommon(name: OptionName): boolean {
  return commonOptions.some((common) => common === name);
}

function termOf(name: string): string {
  return `${name} ${findCommand(name)?.args ?? ''}`.trimEnd();
}

/** @throws Refusal */
function parse(program: Command, line: readonly string[]): void {
  try {
    program.parse(line, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // No command is named, as with --help and --version.
    if (error.code === 'commander.help') return;
    throw toRefusal(error, program.args);
  }
}

function toRefusal({ code, message }: CommanderError, [name = '']: readonly string[]): Refusal {
  // Where commander finds what was probably meant, its second line says so.
  const [fault = '', suggestion] = message.replace('error: ', '').split('\n');
  if (code === 'commander.unknownCommand') {
    const names = commands.map((command) => command.name).join(', ');
    const remedy = suggestion ?? `There are: ${names}.`;
    return new Refusal('wrongUsage', `There is no command "${plain(name)}". ${remedy}`);
  }
  const sentence = `${fault.charAt(0).toUpperCase()}${fault.slice(1).replace(/\.?$/, '.')}`;
  const place = findCommand(name) ? `roq-sync ${name}` : 'roq-sync';
  const remedy = suggestion ?? `See ${place} --help.`;
  return new Refusal('wrongUsage', `${plain(sentence, 200)} ${remedy}`);
}

/** @throws Refusal */
function checkArgs({ name, args }: CliCommand, given: readonly string[]): void {
  const expected = args.match(/[<[][^\]>]+[\]>]/g) ?? [];
  const required = expected.filter((arg) => arg.startsWith('<'));
  if (given.length > expected.length || given.length < required.length || given.includes('')) {
    throw new Refusal('wrongUsage', `Usage: roq-sync ${termOf(name)}`);
  }
}

/** @throws Refusal */
function checkOptions({ name, takes }: CliCommand, options: Options): void {
  const foreign = (Object.keys(options) as OptionName[]).find(
    (option) => !takes.includes(option) && !isCommon(option),
  );
  if (!foreign) return;
  const option = toOption(foreign).long;
  throw new Refusal('wrongUsage', `${name} takes no ${option}. See roq-sync ${name} --help.`);
}

function helpOf(program: Command, { name, words = [] }: CliCommand): string {
  const command = program.commands.find((candidate) => candidate.name() === name);
  return withLegend(command?.helpInformation().trimEnd() ?? '', explainWords(words));
}

function helpOfAll(program: Command): string {
  return `${program.helpInformation()}
${heading('Exit codes:')}
${table([
  ['0', 'fine'],
  ['1', 'something needs a person: out of step, held or parked users, invalid lines, a failed check'],
  ['2', 'the command is wrong; nothing was done'],
  ['3', 'the functions could not be reached, or failed'],
  ['130', 'stopped by Ctrl-C'],
])}

roq-sync help <command> has the options of a command, and explains its words.`;
}
