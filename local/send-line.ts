// What `npm run send` does: an example event of any provider, signed as the provider signs, goes to `npm start` or to a
// deployment.

import { parseArgs, styleText } from 'node:util';
import * as v from 'valibot';
import { readSettings } from '../lib/config/settings.ts';
import { ConfigError } from '../lib/errors.ts';
import { providers } from '../lib/providers/registry.ts';
import { type Choice, deliver, findExample, findSender, NoSuchExampleError, toUser } from './delivery.ts';
import type { SigningKeys } from './providers/keys.ts';
import { senders } from './providers/registry.ts';

const defaultPort = 3000;

const help = `Usage: npm run send -- <provider> <event> [options]

Signs an example event as the provider does, and sends it to the webhook that npm start runs.
Without an event it lists those of the provider, without a provider the providers.

  --user ID     the user that it is about (default: one and the same for all providers)
  --email E     the user's e-mail address
  --port N      the port of npm start's webhook (default: ${defaultPort})
  --url URL     send to this address instead, signed with the settings in your environment: how to try a
                deployment. Not for providers that sign with a key that only they have.
  --json        print one JSON document
  --help        this text
`;

/** What a person can mend; the exit code is 2 for a wrong command, 1 for what came of a right one. */
class Refusal extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

type Options = {
  readonly choice: Choice;
  readonly user: { readonly id: string | undefined; readonly email: string | undefined };
  readonly port: number;
  readonly url: string | undefined;
  readonly json: boolean;
};

/** What to print, and the exit code. */
export type Printed = { readonly text: string; readonly isFault: boolean; readonly exitCode: number };

type Environment = Readonly<Record<string, string | undefined>>;

/** Does what the words of a command line say. */
export async function sendLine(words: readonly string[], environment: Environment): Promise<Printed> {
  try {
    const options = readOptions(words);
    if (options === 'help') return { text: help, isFault: false, exitCode: 0 };
    return await send(options, environment);
  } catch (error) {
    const { message, exitCode } = toRefusal(error);
    return { text: `${message}\n`, isFault: true, exitCode };
  }
}

async function send(options: Options, environment: Environment): Promise<Printed> {
  const sent = options.url ? await sendTo(options.url, options, environment) : await sendToStart(options);
  const text = options.json ? `${JSON.stringify(sent)}\n` : toText(sent, options);
  return { text, isFault: false, exitCode: sent.status >= 300 ? 1 : 0 };
}

function readOptions(words: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      ...({ user: { type: 'string' }, email: { type: 'string' }, url: { type: 'string' } } as const),
      port: { type: 'string', default: String(defaultPort) },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const { url, json, user: id, email } = values;
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_534) throw new Refusal(2, '--port takes 1 to 65534');
  if (url !== undefined && !URL.canParse(url)) throw new Refusal(2, '--url takes an address');
  const [provider, event, ...others] = positionals;
  if (!provider) throw new Refusal(2, `${help}\nProviders: ${senders.map(({ name }) => name).join(', ')}`);
  if (!event || others.length > 0) {
    throw new Refusal(2, `Events of ${provider}: ${Object.keys(findSender(provider).examples).join(', ')}`);
  }
  return { choice: findExample(provider, event), user: { id, email }, port, url, json };
}

const answered = v.object({
  provider: v.string(),
  event: v.string(),
  status: v.number(),
  answer: v.string(),
  references: v.pipe(v.array(v.string()), v.readonly()),
  users: v.optional(v.array(v.record(v.string(), v.unknown()))),
});

type Sent = v.InferOutput<typeof answered>;

/** Has `npm start` sign and send it, for that alone holds the secrets and keys of its webhook. */
async function sendToStart({ choice, user, port }: Options): Promise<Sent> {
  const url = `http://127.0.0.1:${port + 1}/send`;
  const body = JSON.stringify({ provider: choice.sender.name, event: choice.event, user });
  const response = await fetch(url, { method: 'POST', body }).catch((cause: Error) => {
    throw new Refusal(
      1,
      `Nothing answers at ${url}. Leave "npm start" running in another terminal (with another port: give --port to both).`,
      { cause },
    );
  });
  const answer = v.safeParse(answered, await response.json());
  if (answer.success) return answer.output;
  throw new Refusal(1, `What answers at ${url} is not npm start.`);
}

/** Signs it with the settings in the environment, once they are all right, and sends it. */
async function sendTo(
  url: string,
  { choice, user: asked }: Options,
  environment: Environment,
): Promise<Sent> {
  const { sender, example } = choice;
  const user = toUser(asked);
  // Even with all settings right, such a provider's events could not be signed here.
  await sender.sign(example.payload(user, 0), {
    nowMs: 0,
    keys: noKeys,
    environment: sender.environment(noKeys),
  });
  const provider = providers.find(({ name }) => name === sender.name);
  if (provider) provider.connect(readSettings(provider.settings, environment));
  const settings = Object.keys(provider?.settings ?? {}).map((name) => [
    name,
    environment[name]?.trim() ?? '',
  ]);
  return deliver({ ...choice, user, url, keys: noKeys, environment: Object.fromEntries(settings) });
}

const onlyTheProviderSigns =
  'This provider signs with a private key that it alone has, so --url can not stand in for it. Try it on npm start.';

const noKeys: SigningKeys = {
  url: 'https://provider.example',
  jwksUrl: 'https://provider.example/.well-known/jwks.json',
  sign: () => Promise.reject(new Refusal(1, onlyTheProviderSigns)),
  close: async () => {},
};

function toText({ provider, event, status, answer, references, users }: Sent, { port }: Options): string {
  const colour = status < 300 ? 'green' : 'red';
  const lines = [
    `${styleText('bold', `${provider} ${event}`)}  ${styleText(colour, String(status))}  ${styleText('dim', answer)}`,
    ...(users ?? []).map(userLine),
  ];
  if (users?.length === 0 && status < 300) {
    const [reference] = references;
    const at = port === defaultPort ? '' : ` --port ${port}`;
    lines.push(
      reference === undefined
        ? '  ROQ has nothing of it, for it is not mirrored'
        : `  ROQ has no user ${reference}; why: npm run -s roq-sync -- status ${reference}${at}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

const shownNames = [
  'reference',
  'email',
  'firstName',
  'lastName',
  'phone',
  'locale',
  'timezone',
  'isOptedIn',
  'active',
];

function userLine(user: Readonly<Record<string, unknown>>): string {
  const shown = shownNames.map((name) => `    ${name.padEnd(10)} ${paint(user[name])}`);
  return ['  ROQ has', ...shown].join('\n');
}

function paint(value: unknown): string {
  if (value === true) return styleText('green', 'yes');
  if (value === false) return styleText('yellow', 'no');
  return value === null || value === '' ? styleText('dim', '-') : String(value);
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof NoSuchExampleError) return new Refusal(2, error.message);
  if (error instanceof ConfigError) return new Refusal(1, error.message);
  const isOfArguments =
    error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (isOfArguments) return new Refusal(2, `${error.message}\n\n${help}`);
  // What fetch throws.
  if (error instanceof TypeError) return new Refusal(1, `The address could not be reached: ${error.message}`);
  throw error;
}
