// The configuration, read from the environment once and checked as a whole.

import * as v from 'valibot';
import type { CeilingLimits } from './ceiling.ts';
import { ConfigError } from './errors.ts';
import type { LookUp, Provider, Read } from './providers/provider.ts';
import { providers } from './providers/registry.ts';
import { type Environment, readSettings, text, url, words } from './settings.ts';

/** The settings that every function needs. */
export const coreSettings = {
  ROQ_PLATFORM_URL: url('Address of your ROQ environment.'),
  ROQ_ENVIRONMENT_ID: text('Id of your ROQ environment.'),
  ROQ_API_KEY: text("API key of your ROQ environment's service account."),
  TABLE_NAME: text('The DynamoDB table of users; the deployment sets it.'),
  STATE_TABLE_NAME: text('The DynamoDB table of jobs, counters and findings; the deployment sets it.'),
  CEILING_COUNT: number(
    25,
    { min: 0, max: 1_000_000 },
    'So many users may be deactivated in one clock hour, and in one run, before the rest is held for an operator …',
  ),
  CEILING_SHARE: number(
    0.01,
    { min: 0, max: 1, isWhole: false },
    '… or this share of the active users, where that is more; 0.01 is one in a hundred.',
  ),
  ROQ_TIMEOUT_MS: number(
    1_500,
    { min: 100, max: 10_000 },
    'The longest that one call to ROQ may take, in milliseconds.',
  ),
};

/** The settings of the webhook, besides those of its providers. */
export const webhookSettings = {
  PROVIDERS: words('Names of your auth providers, separated by spaces, as in the table of providers.'),
  INLINE_BUDGET_MS: number(
    2_000,
    { min: 0, max: 5_000 },
    'The longest that an event may keep its sender waiting for ROQ, in milliseconds; the rest is done later.',
  ),
};

export type Config = {
  readonly tableName: string;
  readonly stateTableName: string;
  readonly ceiling: CeilingLimits;
  readonly roq: {
    readonly url: string;
    readonly environmentId: string;
    readonly apiKey: string;
    readonly timeoutMs: number;
  };
};

export type WebhookConfig = Config & {
  readonly inlineBudgetMs: number;
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

/** @throws ConfigError naming everything that is wrong. */
export function readConfig(environment: Environment): Config {
  const core = readSettings(coreSettings, environment);
  return {
    tableName: core.TABLE_NAME,
    stateTableName: core.STATE_TABLE_NAME,
    ceiling: { count: core.CEILING_COUNT, share: core.CEILING_SHARE },
    roq: {
      url: core.ROQ_PLATFORM_URL,
      environmentId: core.ROQ_ENVIRONMENT_ID,
      apiKey: core.ROQ_API_KEY,
      timeoutMs: core.ROQ_TIMEOUT_MS,
    },
  };
}

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
    ...{ name, answers: provider.answers, challenge: provider.challenge },
    ...{ read: provider.connect(settings), lookUp: provider.lookUp?.(settings) ?? null },
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

function number(
  otherwise: number,
  { min, max, isWhole = true }: { readonly min: number; readonly max: number; readonly isWhole?: boolean },
  description: string,
) {
  return v.pipe(
    v.optional(v.string(), ''),
    v.trim(),
    v.transform((text) => (text === '' ? otherwise : Number(text))),
    v.check(
      (value) => (isWhole ? Number.isInteger(value) : Number.isFinite(value)) && value >= min && value <= max,
      `must be a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`,
    ),
    v.description(description),
  );
}
