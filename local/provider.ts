// `npm run provider`: which providers there are and what each needs, for people, for scripts and for the documents.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs, styleText } from 'node:util';
import { providers } from '../lib/providers/registry.ts';
import {
  listProviders,
  type ProviderSheet,
  type SettingSheet,
  shortKind,
  writeProviderDocs,
  writeReadme,
} from './provider-docs.ts';
import { findGaps } from './providers/gaps.ts';
import { senders } from './providers/registry.ts';

const help = `Usage: npm run provider -- <command> [--json]

  list          every provider with its signature family, the events that are mirrored, and its settings
  show <name>   one provider in detail: what to set up, how it sends again, every event and setting
  readme        writes the tables of README.md, and docs/providers.md, anew

  --json        print one JSON document (list, show)
  --help        this text

Each command also says what a provider still lacks, such as its sender, and then fails.
`;

const readmePath = new URL('../README.md', import.meta.url);
const docsPath = new URL('../docs/providers.md', import.meta.url);

main();

function main(): void {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    const [command, name] = positionals;
    if (values.help) say(help);
    else if (command === 'list') list(values.json);
    else if (command === 'show') show(name, values.json);
    else if (command === 'readme') writeDocuments();
    else complain(help);
    if (!values.help) reportGaps();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    complain(`${error.message}\n\n${help}`);
  }
}

function list(isJson: boolean): void {
  const sheets = listProviders();
  if (isJson) say(JSON.stringify(sheets));
  else say(sheets.map(toShortText).join('\n\n'));
}

function toShortText({ name, title, family, mirrored, settings }: ProviderSheet): string {
  return [
    `${styleText('bold', name)}  ${title}  ${styleText('dim', family)}`,
    wrap(mirrored.map(({ kind }) => shortKind(kind)).join(', ')),
    ...settings.map(settingText),
  ].join('\n');
}

function show(name: string | undefined, isJson: boolean): void {
  const sheets = listProviders();
  const sheet = sheets.find((candidate) => candidate.name === name);
  if (!sheet) complain(`There are: ${sheets.map((candidate) => candidate.name).join(', ')}`);
  else say(isJson ? JSON.stringify(sheet) : toText(sheet));
}

function toText({
  name,
  title,
  family,
  setUp,
  retries,
  cannotTell,
  mirrored,
  ...sheet
}: ProviderSheet): string {
  const heading = (text: string) => `\n${styleText('bold', text)}`;
  const width = Math.max(...mirrored.map(({ kind }) => kind.length));
  return [
    `${styleText('bold', name)}  ${title}  ${styleText('dim', family)}`,
    ...[heading('At the provider'), wrap(setUp), heading('Sent again'), wrap(retries)],
    ...(cannotTell ? [heading("Can't tell"), wrap(cannotTell)] : []),
    heading('Mirrored'),
    ...mirrored.map(({ kind, means }) => `  ${kind.padEnd(width)}  ${styleText('dim', means)}`),
    ...(sheet.pings.length > 0 ? [heading('Asks for the user'), wrap(sheet.pings.join(', '))] : []),
    ...(sheet.notices.length > 0 ? [heading('Asks for all users'), wrap(sheet.notices.join(', '))] : []),
    ...[heading('Left alone'), wrap(sheet.ignored.join(', ')), heading('Settings')],
    ...sheet.settings.map(settingText),
    ...(sheet.examples.length > 0 ? [heading('Try it')] : []),
    ...sheet.examples.map((example) => `  npm run send -- ${name} ${example}`),
  ].join('\n');
}

function writeDocuments(): void {
  writeFileSync(readmePath, writeReadme(readFileSync(readmePath, 'utf8')));
  writeFileSync(docsPath, writeProviderDocs());
  say('README.md and docs/providers.md are up to date.');
}

function reportGaps(): void {
  const [readme, docs] = [readFileSync(readmePath, 'utf8'), readFileSync(docsPath, 'utf8')];
  for (const { provider, lacks, toDo } of findGaps({ providers, senders, readme, docs })) {
    process.stderr.write(`${provider} lacks ${lacks}: ${toDo}\n`);
    process.exitCode ||= 1;
  }
}

function settingText({ name, isRequired, otherwise, description }: SettingSheet): string {
  const optional = isRequired ? '' : styleText('dim', otherwise ? ` default: ${otherwise}` : ' optional');
  return `  ${styleText('cyan', name)}${optional}\n${wrap(description, 4)}`;
}

function wrap(text: string, indent = 2): string {
  const margin = ' '.repeat(indent);
  const pattern = new RegExp(`(.{1,${100 - indent}})(?:\\s+|$)`, 'g');
  return text.replace(pattern, `${margin}$1\n`).trimEnd();
}

function say(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`);
  process.exitCode = 2;
}
