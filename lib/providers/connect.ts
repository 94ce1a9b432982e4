// The configuration of the webhook: the core's, and that of each provider. Apart, so that no other function's bundle has
// the providers in it.

import { type Config, coreSettings, inlineSettings, readConfig } from '../config/config.ts';
import { attempt, type Kept, keepLast } from '../config/reload.ts';
import { type Environment, flag, readSettings, shortSecretsSetting, words } from '../config/settings.ts';
import { areExclusive, sourceSettings } from '../config/sources.ts';
import { ConfigError } from '../errors.ts';
import type { LookUp } from '../event.ts';
import type { Provider, Read } from './provider.ts';
import { providers } from './registry.ts';

/** The settings of the webhook, besides those of its providers. */
export const webhookSettings = {
  PROVIDERS: words('Names of your auth providers, separated by spaces, as in the table of providers.'),
  [shortSecretsSetting]: flag(
    false,
    'Set to "true" where a provider\'s secret can\'t have 16 random characters: whoever guesses it can say anything of any user.',
  ),
  ...inlineSettings,
  ...sourceSettings,
};

/** The settings without which the webhook can't work, whichever its providers are. */
export const webhookCoreSettings = [
  ...Object.keys({ ...coreSettings, ...webhookSettings }),
  // It says whether others tell of users beside the webhook.
  'COGNITO_USER_POOL_IDS',
  // And these, whom another function asks.
  'DIRECTORIES',
  'ASK_AFTER_EVERY_EVENT',
];

export type WebhookCore = Config & {
  readonly inlineBudgetMs: number;
  /** Whether a provider leaves users alone that another one reported first. */
  readonly isExclusive: boolean;
  /** The providers whose directories another function asks, as the deployment says: see Sender. */
  readonly asked: ReadonlyMap<string, 'open' | 'always'>;
  /** The providers that are configured, by their names; whether there are such is another question. */
  readonly names: readonly string[];
};

export type WebhookConfig = WebhookCore & {
  /** The providers that are configured, by name. */
  readonly providers: ReadonlyMap<string, ConnectedProvider>;
};

export type ConnectedProvider = {
  readonly name: string;
  readonly answers: Provider['answers'];
  readonly read: Read;
  readonly lookUp: LookUp | null;
  readonly challenge: Provider['challenge'];
};

/** @throws ConfigError naming everything that is wrong, of all settings at once. */
export function readWebhookConfig(environment: Environment): WebhookConfig {
  const core = attempt(() => readWebhookCore(environment));
  const connections = createConnector()(readNames(environment), environment);
  const faults = [core, ...connections.values()].flatMap((part) => part.faults);
  if (!core.built || faults.length > 0) throw new ConfigError(faults);
  const connected = [...connections.values()].map(({ built }) => built).filter((built) => built !== null);
  return { ...core.built, providers: new Map(connected.map((provider) => [provider.name, provider])) };
}

/** @throws ConfigError naming everything that is wrong, but for the providers' own settings. */
export function readWebhookCore(environment: Environment): WebhookCore {
  const core = attempt(() => readConfig(environment));
  const webhook = attempt(() => readSettings(webhookSettings, environment));
  if (!core.built || !webhook.built) throw new ConfigError([...core.faults, ...webhook.faults]);
  const always = toNames(environment.ASK_AFTER_EVERY_EVENT);
  const asked = new Map(
    toNames(environment.DIRECTORIES).map(
      (name) => [name, always.includes(name) ? 'always' : 'open'] as const,
    ),
  );
  const { PROVIDERS: names, INLINE_BUDGET_MS: inlineBudgetMs } = webhook.built;
  return { ...core.built, names, inlineBudgetMs, isExclusive: areExclusive(environment), asked };
}

/** What PROVIDERS names, whether it is right or not. */
export function readNames({ PROVIDERS }: Environment): readonly string[] {
  return toNames(PROVIDERS);
}

function toNames(text = ''): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}

type Connections = ReadonlyMap<string, Kept<ConnectedProvider>>;

/**
 * Connects every provider by itself, so that one that can't work keeps none of the others from working. What worked
 * last goes on.
 */
export function createConnector(): (names: readonly string[], environment: Environment) => Connections {
  const parts = new Map<string, ReturnType<typeof keepLast<ConnectedProvider>>>();
  return (names, environment) => {
    // A name that nobody knows may be a known one mistyped: then nothing that works is given up.
    const isClear = names.every((name) => findProvider(name));
    if (isClear) for (const name of parts.keys()) if (!names.includes(name)) parts.delete(name);
    for (const name of names) if (!parts.has(name)) parts.set(name, createPart(name));
    return new Map([...parts].map(([name, connect]) => [name, connect(environment)]));
  };
}

function createPart(name: string) {
  const settings = Object.keys(findProvider(name)?.settings ?? {});
  return keepLast((environment) => connectProvider(name, environment), [...settings, shortSecretsSetting]);
}

function findProvider(name: string): Provider | undefined {
  return providers.find((candidate) => candidate.name === name);
}

function connectProvider(name: string, environment: Environment): ConnectedProvider {
  const provider = findProvider(name);
  // As a rule the settings are newer than the bundle, or older: one of them is being deployed.
  if (!provider) {
    const known = providers.map((candidate) => candidate.name).join(', ');
    throw new ConfigError([`PROVIDERS names "${name}", which is none of ${known}`]);
  }
  const settings = readSettings(provider.settings, environment);
  const { answers, challenge } = provider;
  try {
    const read = provider.connect(settings);
    return { name, answers, challenge, read, lookUp: provider.lookUp?.(settings) ?? null };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    // Even what nobody foresaw is this provider's trouble alone.
    throw new ConfigError([`${name} can't be connected: ${error instanceof Error ? error.name : 'unknown'}`]);
  }
}
