// The configuration of the webhook: the core's, and that of each provider. Apart, so that no other function's bundle has
// the providers in it.

import { type Config, inlineSettings, readConfig } from '../config/config.ts';
import { type Environment, readSettings, words } from '../config/settings.ts';
import { areExclusive, sourceSettings } from '../config/sources.ts';
import { ConfigError } from '../errors.ts';
import type { LookUp } from '../event.ts';
import type { Provider, Read } from './provider.ts';
import { providers } from './registry.ts';

/** The settings of the webhook, besides those of its providers. */
export const webhookSettings = {
  PROVIDERS: words('Names of your auth providers, separated by spaces, as in the table of providers.'),
  ...inlineSettings,
  ...sourceSettings,
};

export type WebhookConfig = Config & {
  readonly inlineBudgetMs: number;
  /** Whether a provider leaves users alone that another one told of first. */
  readonly isExclusive: boolean;
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
  const faults: string[] = [];
  const core = collect(faults, () => readConfig(environment));
  const webhook = collect(faults, () => readSettings(webhookSettings, environment));
  const names = new Set((environment.PROVIDERS ?? '').split(/\s+/).filter(Boolean));
  const connected = [...names].map((name) => collect(faults, () => connectProvider(name, environment)));
  if (!core || !webhook || faults.length > 0) throw new ConfigError(faults);
  const providers = connected.filter((provider) => provider !== null);
  return {
    ...core,
    inlineBudgetMs: webhook.INLINE_BUDGET_MS,
    isExclusive: areExclusive(environment),
    providers: new Map(providers.map((provider) => [provider.name, provider])),
  };
}

function connectProvider(name: string, environment: Environment): ConnectedProvider {
  const provider = providers.find((candidate) => candidate.name === name);
  if (!provider) {
    const known = providers.map((candidate) => candidate.name).join(', ');
    throw new ConfigError([`PROVIDERS names "${name}", which is none of ${known}`]);
  }
  const settings = readSettings(provider.settings, environment);
  return {
    name,
    answers: provider.answers,
    challenge: provider.challenge,
    read: provider.connect(settings),
    lookUp: provider.lookUp?.(settings) ?? null,
  };
}

function collect<Value>(faults: string[], read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(...error.faults);
    return null;
  }
}
