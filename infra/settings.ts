// A plugin of the framework: reads a stage's settings as the functions will, so that what can't work is not deployed.
// What stands in Parameter Store is read by the functions alone; here it counts as right where they may read it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as v from 'valibot';
import { coreSettings, inlineSettings, readConfig } from '../lib/config/config.ts';
import { attempt } from '../lib/config/reload.ts';
import { isSecret, parameterOf, readSettings } from '../lib/config/settings.ts';
import { areExclusive, configuredProviders } from '../lib/config/sources.ts';
import { ConfigError } from '../lib/errors.ts';
import { sourceOf } from '../lib/event.ts';
import { cognitoSettings } from '../lib/providers/cognito/cognito.ts';
import { readWebhookConfig, webhookSettings } from '../lib/providers/connect.ts';
import { directorySettings, readDirectoryConfig } from '../lib/providers/connect-directories.ts';
import { directories } from '../lib/providers/directories.ts';
import { providers } from '../lib/providers/registry.ts';
import { checkMapping } from './settings-mapping.ts';
import { wrongOptions } from './settings-options.ts';

type Values = Readonly<Record<string, string>>;

type Function = { readonly environment: Record<string, string> };

type Serverless = {
  readonly serviceDir: string;
  readonly service: {
    readonly provider: { readonly stage: string };
    readonly custom: {
      readonly settings: Readonly<Record<string, unknown>>;
      readonly cognito: { readonly COGNITO_USER_POOL_IDS: string };
    };
    readonly functions: {
      readonly webhook: Function;
      pull?: Function;
      cognito?: Function;
    };
  };
  readonly classes: { readonly Error: new (message: string) => Error };
};

type Writers = { readonly log: { readonly warning: (text: string) => void } };

export default class Settings {
  readonly hooks = {
    'before:package:initialize': async () => {
      await this.check();
      this.addDirectory();
    },
    'before:deploy:deploy': () => this.requireFile(),
    'before:aws:info:gatherData': () => this.leaveOut(),
  };
  readonly #serverless: Serverless;
  readonly #log: Writers['log'];

  constructor(serverless: Serverless, _options: unknown, { log }: Writers) {
    this.#serverless = serverless;
    this.#log = log;
  }

  /** The function that asks providers has the settings under `directory`, and no other has. */
  addDirectory(): void {
    const { functions, custom } = this.#serverless.service;
    const { directory = {} } = custom.settings;
    const settings = toTexts(directory as object);
    Object.assign(functions.pull?.environment ?? {}, settings);
    // Of whom it may leave the rest to that function.
    const { DIRECTORIES, ASK_AFTER_EVERY_EVENT } = settings;
    Object.assign(functions.webhook.environment, {
      ...(DIRECTORIES && { DIRECTORIES }),
      ...(ASK_AFTER_EVERY_EVENT && { ASK_AFTER_EVERY_EVENT }),
    });
  }

  /** Functions whose condition is not met are not there, and are not to be listed as if they were. */
  leaveOut(): void {
    const { functions, custom } = this.#serverless.service;
    if (!custom.cognito.COGNITO_USER_POOL_IDS) delete functions.cognito;
    if (!toTexts((custom.settings.directory ?? {}) as object).DIRECTORIES) delete functions.pull;
  }

  /** The example can be packaged, and is nothing to deploy. */
  requireFile(): void {
    const { serviceDir, service, classes } = this.#serverless;
    const { stage } = service.provider;
    if (existsSync(join(serviceDir, `settings.${stage}.yml`))) return;
    throw new classes.Error(
      `There is no settings.${stage}.yml: copy settings.example.yml, and fill it in. Another stage is named by --stage.`,
    );
  }

  async check(): Promise<void> {
    const { serviceDir, service, classes } = this.#serverless;
    const { stage } = service.provider;
    const file = `settings.${stage}.yml`;
    // The example, which stands in for it, is made to be filled in.
    if (!existsSync(join(serviceDir, file))) return;
    const { environment = {}, directory = {}, mapping, ...options } = service.custom.settings;
    const values = toTexts(environment as object);
    const asked = toTexts(directory as object);
    const { faults: wrongMapping, warnings } = await checkMapping(mapping);
    const faults = [
      ...wrongOptions(options).map((fault) => `  - ${fault}`),
      ...unknownVariables(values),
      ...unreadable(values, stage),
      ...wrongValues(values),
      ...mixedReferences(values),
      ...wrongDirectories(asked, values, stage),
      ...wrongMapping.map((fault) => `  - mapping: ${fault}`),
    ];
    if (faults.length > 0) throw new classes.Error(`${file} can't work:\n${faults.join('\n')}`);
    const plain = [...plainSecrets(values, all), ...plainSecrets(asked, ofDirectories)];
    for (const warning of warnings) this.#log.warning(`${file}: mapping: ${warning}`);
    if (plain.length > 0) this.#log.warning(warnOf(file, plain));
  }
}

// A number or a flag without quotes is a text by the time a function sees it.
function toTexts(environment: object): Values {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value ?? '')]));
}

// What every function has; the rest is the webhook's alone.
const shared = {
  ...coreSettings,
  ...inlineSettings,
  ...cognitoSettings,
  PROVIDERS: webhookSettings.PROVIDERS,
};

// What there is besides, all of it the webhook's.
const all: v.ObjectEntries = Object.assign(
  {},
  shared,
  webhookSettings,
  ...providers.map(({ settings }) => settings),
);

function unknownVariables(values: Values): readonly string[] {
  const known = Object.keys(all);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  return unknown.map((name) => `  - environment: nothing reads ${name}`);
}

// What the function that asks providers reads besides what all do.
const ofDirectories: v.ObjectEntries = Object.assign(
  {},
  directorySettings,
  ...directories.map(({ settings }) => settings),
);

/** What is wrong with the settings under `directory`; there may be none. */
function wrongDirectories(asked: Values, values: Values, stage: string): readonly string[] {
  if (Object.keys(asked).length === 0) return [];
  const known = Object.keys(ofDirectories);
  const elsewhere = Object.keys(asked).filter((name) => parameterOf(asked[name]) !== null);
  const misplaced = elsewhere.filter(
    (name) => !toPath(parameterOf(asked[name]) ?? '').startsWith(`/roq-sync/${stage}/directory/`),
  );
  const environment = {
    ...values,
    ...asked,
    ...Object.fromEntries(elsewhere.map((name) => [name, someSecret])),
  };
  const faults = faultsOf(() => {
    const config = readDirectoryConfig(environment);
    const wrong = config.directories.flatMap((directory) => directory.faults);
    if (wrong.length > 0) throw new ConfigError(wrong);
  });
  return [
    ...Object.keys(asked)
      .filter((name) => !known.includes(name))
      .map((name) => `  - directory: nothing reads ${name}`),
    ...misplaced.map(
      (name) => `  - directory: ${name} must stand below /roq-sync/${stage}/directory/ to be readable`,
    ),
    ...faults.filter((fault) => !isElsewhere(elsewhere, fault)).map((fault) => `  - directory: ${fault}`),
  ];
}

// A fault begins with the setting that it is about.
function isElsewhere(elsewhere: readonly string[], fault: string): boolean {
  return elsewhere.includes(fault.split(' ', 1)[0] ?? '');
}

/** A parameter's path, also of a secret of Secrets Manager. */
function toPath(parameter: string): string {
  return parameter.replace(/^\/aws\/reference\/secretsmanager(?=\/)/, '');
}

/** Several providers whose ids may meet: each would take the other's users for its own, or for foreign ones. */
function mixedReferences(values: Values): readonly string[] {
  // What is wrong with the settings themselves is said elsewhere.
  if (!attempt(() => areExclusive(values)).built) return [];
  const { REFERENCE_PREFIXES } = coreSettings;
  const prefixes =
    attempt(() => readSettings({ REFERENCE_PREFIXES }, values)).built?.REFERENCE_PREFIXES ?? {};
  const bare = [...new Set(configuredProviders(values).map(sourceOf))].filter((source) => !prefixes[source]);
  if (bare.length < 2) return [];
  return [
    `  - environment: the ids of ${bare.join(' and ')} may meet: give all but one a prefix by REFERENCE_PREFIXES (${bare[1]}=${bare[1]}/), or set SHARED_REFERENCES to "true" where one id means one person`,
  ];
}

/** Secrets that stand in the settings themselves. */
function plainSecrets(values: Values, known: v.ObjectEntries): readonly string[] {
  const isPlain = (name: string) => values[name]?.trim() && parameterOf(values[name]) === null;
  return Object.entries(known)
    .filter(([name, schema]) => isSecret(schema) && isPlain(name))
    .map(([name]) => name);
}

function warnOf(file: string, names: readonly string[]): string {
  return `${file} holds ${names.join(', ')} as plain text, which whoever may look at the functions can read, and .serverless/ too. Put secrets into Parameter Store, and name them here as ssm:NAME: docs/deploy.md#secrets`;
}

/** Parameters that stand where the roles in infra/roles.yml don't reach. */
function unreadable(values: Values, stage: string): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const parameter = parameterOf(value);
    if (parameter === null) return [];
    const groups = name in shared ? ['core'] : ['webhook', 'core'];
    if (groups.some((group) => toPath(parameter).startsWith(`/roq-sync/${stage}/${group}/`))) return [];
    return [`  - environment: ${name} must stand below /roq-sync/${stage}/${groups[0]}/ to be readable`];
  });
}

function wrongValues(values: Values): readonly string[] {
  const elsewhere = Object.keys(values).filter((name) => parameterOf(values[name]) !== null);
  const environment = {
    ...values,
    TABLE_NAME: 'the stack’s',
    STATE_TABLE_NAME: 'the stack’s',
    ...Object.fromEntries(elsewhere.map((name) => [name, someSecret])),
  };
  const hasCognito = Boolean(values.COGNITO_USER_POOL_IDS);
  const faults = [
    // Without any other provider nothing calls the webhook.
    ...faultsOf(() => (hasCognito && !values.PROVIDERS ? readConfig : readWebhookConfig)(environment)),
    ...(hasCognito ? faultsOf(() => readSettings(cognitoSettings, environment)) : []),
  ];
  return faults.filter((fault) => !isElsewhere(elsewhere, fault)).map((fault) => `  - environment: ${fault}`);
}

// Of the form of every provider's secrets, so that what depends on there being one is looked at too.
const someSecret = `whsec_${'A'.repeat(32)}`;

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}
