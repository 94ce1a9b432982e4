// The options there are, and which of them stand in a command line.

import { parseArgs } from 'node:util';
import { Refusal } from './refusal.ts';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const config = {
  json: flag,
  help: { ...flag, short: 'h' },
  port: text,
  stage: text,
  region: text,
  all: flag,
  yes: flag,
  apply: flag,
  adopt: flag,
  probe: flag,
  limit: text,
  provider: text,
  'exported-at': text,
  url: text,
  from: text,
} as const;

export type Options = {
  readonly [Name in keyof typeof config]?: (typeof config)[Name] extends { type: 'string' }
    ? string
    : boolean;
};

/** How each reads in a help text. */
export const optionHelp: Readonly<Record<keyof Options, readonly [form: string, says: string]>> = {
  json: ['--json', 'print one JSON document'],
  help: ['-h, --help', 'this text; after a command, that of the command'],
  port: ['--port N', "the port of npm start's webhook (default: 3000)"],
  stage: ['--stage S', 'ask the deployment of that stage instead, by your AWS credentials'],
  region: ['--region R', 'the region of the deployment (default: AWS_REGION, or eu-central-1)'],
  all: ['--all', 'all that stand in that queue'],
  yes: ['--yes', 'do not ask'],
  apply: ['--apply', 'do it; without, it only says what it would do'],
  adopt: [
    '--adopt',
    'with --apply: record the ROQ users that have no record, to be kept in step from now on',
  ],
  probe: ['--probe', 'try out with users of its own what ROQ leaves open, and deactivate them again'],
  limit: ['--limit N', 'show so many at most (default: 100; up to 1000)'],
  provider: ['--provider P', "whose export it is (default: generic, the form of this project's own)"],
  'exported-at': ['--exported-at T', 'when it was exported, for users without a time: 2026-05-04T12:00:00Z'],
  url: ['--url URL', 'read the file from an https address instead (in S3: of aws s3 presign)'],
  from: ['--from roq', 'adopt every ROQ user that has no record'],
};

/** What all commands take. */
export const commonOptions = ['json', 'port', 'stage', 'region', 'help'] as const;

/** @throws Refusal for an option that there is not */
export function readLine(line: readonly string[]): {
  readonly words: readonly string[];
  readonly options: Options;
} {
  try {
    const { values, positionals } = parseArgs({ args: [...line], allowPositionals: true, options: config });
    return { words: positionals, options: values };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal('wrongUsage', error.message);
  }
}
