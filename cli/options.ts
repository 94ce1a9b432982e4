// The options of the command line.

import { InvalidArgumentError, Option } from 'commander';

const forms = {
  json: ['--json', 'print one JSON document'],
  port: ['--port <number>', "the port of npm start's webhook (default: 3000)"],
  stage: ['--stage <name>', 'ask the deployment of that stage instead, with your AWS credentials'],
  region: ['--region <name>', 'the region of the deployment (default: AWS_REGION, or eu-central-1)'],
  help: ['-h, --help', 'this text; after a command, that of the command'],
  version: ['-V, --version', 'the version of roq-sync'],
  all: ['--all', 'everybody in that queue'],
  yes: ['--yes', 'do not ask'],
  apply: ['--apply', 'do it; without, it only says what it would do'],
  adopt: [
    '--adopt',
    'with --apply: record the ROQ users that have no record, to be kept in step from now on',
  ],
  probe: ['--probe', 'try out with users of its own what ROQ leaves open, and deactivate them again'],
  limit: ['--limit <number>', 'show so many at most (default: 100; up to 1000)'],
  provider: [
    '--provider <name>',
    'of a backfill: whose export it is (default: generic); of a pull: who is asked; of a map: whose user it is',
  ],
  exportedAt: [
    '--exported-at <time>',
    'when it was exported, 2026-05-04T12:00:00Z: dates users without a time, or with one that does not always move',
  ],
  url: ['--url <address>', 'read the file from an https address instead (in S3: of aws s3 presign)'],
  from: ['--from <system>', 'roq: adopt every ROQ user that has no record'],
} as const;

export type OptionName = keyof typeof forms;

/** What a command line gives; an option has a value where its form has one. */
export type Options = {
  readonly [Name in OptionName]?: (typeof forms)[Name][0] extends `${string}<${string}` ? string : boolean;
};

export const optionNames = Object.keys(forms) as readonly OptionName[];

/** The options of every command. */
export const commonOptions = ['json', 'port', 'stage', 'region', 'help'] as const;

/** An option as commander reads and describes it. */
export function toOption(name: OptionName): Option {
  const [form, meaning] = forms[name];
  const option = new Option(form, meaning);
  return option.required ? option.argParser(readValue) : option;
}

// `--stage --json` lacks the stage.
function readValue(value: string): string {
  if (value.startsWith('-')) throw new InvalidArgumentError('It begins with a dash.');
  return value;
}
