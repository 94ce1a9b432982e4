// A plugin of the framework: reads a stage's settings as the functions will, so that what can't work is not deployed.
// What stands in Parameter Store is read by the functions alone; here it counts as right where they may read it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { coreSettings, inlineSettings, readConfig } from '../lib/config/config.ts';
import { readSettings } from '../lib/config/settings.ts';
import { ConfigError } from '../lib/errors.ts';
import { cognitoSettings } from '../lib/providers/cognito/cognito.ts';
import { readWebhookConfig, webhookSettings } from '../lib/providers/connect.ts';
import { providers } from '../lib/providers/registry.ts';

type Values = Readonly<Record<string, string>>;

type Serverless = {
  readonly serviceDir: string;
  readonly service: {
    readonly provider: { readonly stage: string };
    readonly custom: { readonly settings: Readonly<Record<string, unknown>> };
    readonly initialServerlessConfig: { readonly params: { readonly default: object } };
  };
  readonly classes: { readonly Error: new (message: string) => Error };
};

export default class Settings {
  readonly hooks = { 'before:package:initialize': () => this.check() };
  readonly #serverless: Serverless;

  constructor(serverless: Serverless) {
    this.#serverless = serverless;
  }

  check(): void {
    const { serviceDir, service, classes } = this.#serverless;
    const { stage } = service.provider;
    const file = `settings.${stage}.yml`;
    // The example, which stands in for it, is made to be filled in.
    if (!existsSync(join(serviceDir, file))) return;
    const { environment = {}, ...options } = service.custom.settings;
    const values = toTexts(environment as object);
    const faults = [
      ...unknownOptions(options, service.initialServerlessConfig.params.default),
      ...unknownVariables(values),
      ...unreadable(values, stage),
      ...wrongValues(values),
    ];
    if (faults.length > 0) throw new classes.Error(`${file} can't work:\n${faults.join('\n')}`);
  }
}

// A number or a flag without quotes is a text by the time a function sees it.
function toTexts(environment: object): Values {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value ?? '')]));
}

function unknownOptions(options: object, known: object): readonly string[] {
  const unknown = Object.keys(options).filter((name) => !(name in known));
  return unknown.map((name) => `  - ${name} is none of ${Object.keys(known).join(', ')}, environment`);
}

// What every function has; the rest is the webhook's alone.
const shared = {
  ...coreSettings,
  ...inlineSettings,
  ...cognitoSettings,
  PROVIDERS: webhookSettings.PROVIDERS,
};

function unknownVariables(values: Values): readonly string[] {
  const known = [shared, ...providers.map(({ settings }) => settings)].flatMap(Object.keys);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  return unknown.map((name) => `  - environment: nothing reads ${name}`);
}

/** Parameters that stand where the roles in infra/roles.yml don't reach. */
function unreadable(values: Values, stage: string): readonly string[] {
  const parameters = Object.entries(values).filter(([, value]) => value.startsWith('ssm:'));
  return parameters.flatMap(([name, value]) => {
    const groups = name in shared ? ['core'] : ['webhook', 'core'];
    const path = value.slice('ssm:'.length).replace(/^\/aws\/reference\/secretsmanager(?=\/)/, '');
    if (groups.some((group) => path.startsWith(`/roq-sync/${stage}/${group}/`))) return [];
    return [`  - environment: ${name} must stand below /roq-sync/${stage}/${groups[0]}/ to be readable`];
  });
}

function wrongValues(values: Values): readonly string[] {
  const environment = { ...values, TABLE_NAME: 'the stack’s', STATE_TABLE_NAME: 'the stack’s' };
  const hasCognito = Boolean(values.COGNITO_USER_POOL_IDS);
  const faults = [
    // Without any other provider nothing calls the webhook.
    ...faultsOf(() => (hasCognito && !values.PROVIDERS ? readConfig : readWebhookConfig)(environment)),
    ...(hasCognito ? faultsOf(() => readSettings(cognitoSettings, environment)) : []),
  ];
  const isElsewhere = (fault: string) => values[fault.split(' ', 1)[0] ?? '']?.startsWith('ssm:');
  return faults.filter((fault) => !isElsewhere(fault)).map((fault) => `  - environment: ${fault}`);
}

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
