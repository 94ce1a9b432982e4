// `roq-sync map`: what a mapping makes of one user, before it is deployed. Asks nobody: it reads two files of this machine.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { ConfigError } from '../lib/errors.ts';
import type { Original } from '../lib/event.ts';
import { isObject, parseJson } from '../lib/json.ts';
import { compileMapping } from '../lib/mapping/compile.ts';
import type { MappingSettings } from '../lib/mapping/mapping.ts';
import { readMappingSettings } from '../lib/mapping/settings.ts';
import { type Told, toFacts } from '../lib/user.ts';
import type { CliCommand } from './command.ts';
import { Refusal } from './refusal.ts';
import { type Cell, table } from './table.ts';
import { plain } from './words/plain.ts';

export const map: CliCommand = {
  name: 'map',
  args: '<file or example>',
  takes: ['provider'],
  summary: 'Shows what a mapping makes of a user',
  details:
    'The file has one user as the provider writes it, in JSON; an example is one that npm run send lists. The mapping is that of settings.STAGE.yml in this folder, by --stage, else of settings.local.yml. Nothing is sent anywhere.',
  run: async ({ args: [file = ''], options: { provider = '', stage = 'local' } }) => {
    const path = `settings.${stage}.yml`;
    const settings = await readSettingsFile(path);
    const expressions = settings.providers[provider];
    if (!expressions) {
      const names = Object.keys(settings.providers).join(', ') || 'nobody';
      throw new Refusal('wrongUsage', `--provider takes one that ${path} maps: ${names}.`);
    }
    const original = existsSync(file) ? await readUser(file) : await readExample(provider, file);
    const mapping = compileOrRefuse(settings).get(provider);
    const { told, failed } = mapping?.read(original) ?? { told: {}, failed: [] };
    const rows = Object.entries(expressions).map(([field, expression]) =>
      toRow(field, expression, told, failed),
    );
    return {
      document: { provider, user: original.user, told, failed },
      text: [
        JSON.stringify(original.user, null, 2),
        '',
        table(rows, { header: ['field', 'expression', 'ROQ would hold'] }),
      ].join('\n'),
      needsPerson: failed.length > 0,
    };
  },
};

function toRow(field: string, expression: string, told: Told, failed: readonly string[]): readonly Cell[] {
  const isFailed = failed.includes(`mapping.${field}`);
  if (field === 'scope') {
    const text = told.outOfScope ? 'out of scope: not mirrored' : 'mirrored';
    return [field, plain(expression), isFailed ? { text: `fails, so ${text}`, style: 'red' } : text];
  }
  if (isFailed) return [field, plain(expression), { text: 'nothing that the field can hold', style: 'red' }];
  const value = toFacts(told, 0)[field as keyof ReturnType<typeof toFacts>]?.value;
  return [field, plain(expression), value === null || value === undefined ? '–' : plain(String(value), 200)];
}

async function readSettingsFile(path: string): Promise<MappingSettings> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new Refusal('wrongUsage', `There is no file ${path} in this folder.`);
  });
  try {
    return readMappingSettings(parse(text)?.mapping) ?? { providers: {}, tables: {} };
  } catch (error) {
    throw toRefusal(error, path);
  }
}

function compileOrRefuse(settings: MappingSettings) {
  try {
    return compileMapping(settings);
  } catch (error) {
    throw toRefusal(error, 'The mapping');
  }
}

function toRefusal(error: unknown, what: string): unknown {
  if (!(error instanceof ConfigError)) return error;
  return new Refusal('wrongUsage', `${what} can't work: ${error.faults.join('; ')}`);
}

async function readUser(path: string): Promise<Original> {
  const user = parseJson(await readFile(path, 'utf8'));
  if (!isObject(user)) throw new Refusal('wrongUsage', `${path} holds no JSON object.`);
  return { user, isWhole: true };
}

async function readExample(provider: string, name: string): Promise<Original> {
  // All senders, which no other command needs.
  const { originalsOf } = await import('../local/originals.ts');
  const originals = await originalsOf(provider);
  const found =
    originals.find(({ from }) => from === name) ?? originals.find(({ from }) => from.startsWith(`${name}-`));
  if (found) return found.original;
  const names = [...new Set(originals.map(({ from }) => from))].join(', ') || 'none with a user in it';
  throw new Refusal('wrongUsage', `There is no file ${name}, and no such example of ${provider}: ${names}.`);
}
