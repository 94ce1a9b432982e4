// The commands of an operator, as they are read from outside.

import * as v from 'valibot';
import { queues } from '../dynamodb/record.ts';
import { isObject } from '../json.ts';

/** The lists that can be asked for. */
export const listNames = [...queues, 'duplicates', 'strangers', 'foreign', 'suspects', 'jobs'] as const;

// The longest key that DynamoDB takes.
const maxReferenceBytes = 2048;

const reference = v.pipe(
  v.string('must be a reference'),
  v.nonEmpty('must not be empty'),
  v.maxBytes(maxReferenceBytes, `must not be longer than ${maxReferenceBytes} bytes`),
);

/** One user, or all of the command's queue; `before` comes from an answer that said there are more. */
const target = {
  reference: v.exactOptional(reference),
  all: v.exactOptional(v.literal(true, 'must be true')),
  before: v.exactOptional(v.number('must be a number')),
};

const flag = v.optional(v.boolean('must be true or false'), false);

const commands = {
  status: v.strictObject({
    command: v.literal('status'),
    reference: v.exactOptional(reference),
    /** Of all users: as the schedule measured them last. */
    stored: flag,
  }),
  find: v.strictObject({
    command: v.literal('find'),
    text: v.pipe(
      v.string('must be a text'),
      v.trim(),
      v.nonEmpty('must not be empty'),
      v.maxBytes(maxReferenceBytes),
    ),
  }),
  list: v.strictObject({
    command: v.literal('list'),
    of: v.picklist(listNames, `must be one of ${listNames.join(', ')}`),
    limit: v.optional(
      v.pipe(
        v.number('must be a number'),
        v.integer('must be whole'),
        v.minValue(1, 'must be 1 or more'),
        v.maxValue(1_000, 'must be 1000 or less'),
      ),
      100,
    ),
  }),
  resync: v.strictObject({ command: v.literal('resync'), ...target }),
  release: v.strictObject({ command: v.literal('release'), ...target }),
  drop: v.strictObject({ command: v.literal('drop'), ...target }),
  relink: v.strictObject({
    command: v.literal('relink'),
    reference,
    roqId: v.pipe(v.string('must be the id of a ROQ user'), v.nonEmpty('must not be empty')),
  }),
  recreate: v.strictObject({ command: v.literal('recreate'), reference }),
  gone: v.strictObject({ command: v.literal('gone'), reference }),
  keep: v.strictObject({ command: v.literal('keep'), reference }),
  erase: v.strictObject({ command: v.literal('erase'), reference }),
  audit: v.strictObject({
    command: v.literal('audit'),
    apply: flag,
    adopt: flag,
    job: v.exactOptional(v.pipe(v.string(), v.regex(/^audit-[\w.:-]{1,100}$/, 'must begin with "audit-"'))),
  }),
  job: v.strictObject({ command: v.literal('job'), id: v.pipe(v.string(), v.nonEmpty('must not be empty')) }),
  cancel: v.strictObject({
    command: v.literal('cancel'),
    id: v.pipe(v.string(), v.nonEmpty('must not be empty')),
  }),
  mapping: v.strictObject({ command: v.literal('mapping') }),
  doctor: v.strictObject({ command: v.literal('doctor'), probe: flag }),
};

/** A command that was read. */
export type Command = {
  [Name in keyof typeof commands]: v.InferOutput<(typeof commands)[Name]>;
}[CommandName];

/** A command as it may be written, without what has a default. */
export type CommandInput = {
  [Name in keyof typeof commands]: v.InferInput<(typeof commands)[Name]>;
}[CommandName];

type CommandName = keyof typeof commands;

/** The command, or a text that says what is wrong with it. */
export function readCommand(input: unknown): Command | string {
  const name = isObject(input) ? input.command : undefined;
  if (typeof name !== 'string' || !isCommandName(name)) {
    return `command must be one of ${Object.keys(commands).join(', ')}`;
  }
  const parsed = v.safeParse<(typeof commands)[CommandName]>(commands[name], input);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    return `${v.getDotPath(issue) ?? name}: ${issue.message}`;
  }
  const { output } = parsed;
  const isForUsers = name === 'resync' || name === 'release' || name === 'drop';
  const isOneOfBoth = 'all' in output !== 'reference' in output;
  return isForUsers && !isOneOfBoth ? `${name}: either reference or all must be there` : output;
}

function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}
